import { EXIT } from '../../contract/exit-codes';
import type { Command } from '../framework/command';
import { until } from '../framework/time';
import { instanceId, minutes } from '../framework/words';

interface Options {
  readonly minutes: number;
}

/** `drawbridge extend` */
export const extend: Command<Options> = {
  name: 'extend',
  summary: "move a box's expiry to so many minutes from now",
  examples: [
    ['drawbridge extend i-0123456789abcdef0', 'an hour from now'],
    ['drawbridge extend i-0123456789abcdef0 --minutes 240', 'four hours from now'],
  ],
  configure: (parser) => {
    parser
      .argument('<box>', 'its instance id', instanceId)
      .option('--minutes <minutes>', 'from now on', minutes, 60);
  },
  run: async (context, options, [box = '']) => {
    const { findStack } = await import('../aws/stack');
    const { extendBox } = await import('../boxes/create');
    const stack = await findStack(context);
    const extended = await extendBox(context, stack, box, options.minutes);
    context.ui.result(extended, `${extended.instanceId}  ends in ${until(extended.expiresAt)}`);
    return EXIT.ok;
  },
};
