import { EXIT } from '../../contract/exit-codes';
import type { Command } from '../framework/command';
import { Problem } from '../framework/problem';
import { instanceId } from '../framework/words';

interface Options {
  readonly all?: boolean;
}

/** `drawbridge close` */
export const close: Command<Options> = {
  name: 'close',
  summary: 'end boxes, and wait until they are gone',
  examples: [
    ['drawbridge close i-0123456789abcdef0', 'one box'],
    ['drawbridge close --all', 'every box of the stack; the jump host stays'],
  ],
  configure: (parser) => {
    parser
      .argument('[box...]', 'instance ids', (text: string, before: string[] | undefined) => [
        ...(before ?? []),
        instanceId(text),
      ])
      .option('--all', 'every box of the stack');
  },
  run: async (context, { all = false }, boxes) => {
    if (all === boxes.length > 0)
      throw new Problem(
        EXIT.usage,
        all ? 'Name boxes or say --all, not both.' : 'Which box? None is named.',
        '`drawbridge list` shows them; `drawbridge close --all` ends every one.',
      );
    const { findStack } = await import('../aws/stack');
    const { closeAll, closeBox } = await import('../boxes/destroy');
    const stack = await findStack(context);
    const terminated = await context.ui.step('Waiting for the end', async () =>
      all
        ? closeAll(context, stack)
        : (await Promise.all(boxes.map((box) => closeBox(context, stack, box)))).flat(),
    );
    const text = terminated.length === 0 ? 'There was no box to end.' : `Ended: ${terminated.join(', ')}`;
    context.ui.result({ terminated }, text);
    return EXIT.ok;
  },
};
