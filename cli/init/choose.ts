import { createInterface } from 'node:readline';
import { EXIT } from '../../contract/exit-codes';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';

/** Something to choose. */
export interface Choice<T> {
  readonly label: string;
  readonly value: T;
}

/** Asks on the terminal until a number of the list is typed. @throws Problem where nobody can be asked */
export async function choose<T>(
  { stdin, stderr, ui, interrupted }: Context,
  question: string,
  choices: readonly Choice<T>[],
): Promise<T> {
  const list = choices.map(({ label }, index) => `  ${index + 1}  ${label}`).join('\n');
  if (!ui.isInteractive || !stdin.isTTY)
    throw new Problem(
      EXIT.usage,
      `Nobody can be asked here: ${question}\n${list}`,
      'Name one: `npm run init -- <database>`, or --vpc <id>.',
    );
  // Whole lines, so that Ctrl-C stays the process's own.
  const lines = createInterface({ input: stdin, terminal: false });
  const close = (): void => {
    lines.close();
  };
  const ask = (): boolean => stderr.write(`1 to ${choices.length}: `);
  interrupted.addEventListener('abort', close, { once: true });
  try {
    stderr.write(`${question}\n${list}\n`);
    ask();
    for await (const line of lines) {
      const chosen = /^\d+$/.test(line.trim()) ? choices[Number(line) - 1] : undefined;
      if (chosen !== undefined) return chosen.value;
      ask();
    }
    throw new Problem(EXIT.interrupted, 'Nothing was chosen; nothing was changed.');
  } finally {
    interrupted.removeEventListener('abort', close);
    lines.close();
  }
}
