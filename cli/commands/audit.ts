import { EXIT } from '../../contract/exit-codes';
import type { Command } from '../framework/command';
import { table } from '../framework/ui';
import { wholeNumber } from '../framework/words';

const HOUR_MS = 3_600_000;
/** CloudTrail's event history: 90 days. */
const MAX_HOURS = 90 * 24;

interface Options {
  readonly hours: number;
  readonly refused?: boolean;
}

/** `drawbridge audit` */
export const audit: Command<Options> = {
  name: 'audit',
  summary: 'show who came in, who was refused, when and from where',
  examples: [
    ['drawbridge audit', 'the last 24 hours, the newest first'],
    ['drawbridge audit --hours 720 --refused', 'who was refused within 30 days'],
  ],
  configure: (parser) => {
    parser
      .option('--hours <hours>', 'how far to look back', wholeNumber(1, MAX_HOURS, 'hours'), 24)
      .option('--refused', 'only what was refused');
  },
  run: async (context, { hours, refused = false }) => {
    const { findStack } = await import('../aws/stack');
    const { audit: attempts } = await import('../audit/audit');
    const stack = await findStack(context);
    const all = await context.ui.step('Asking CloudTrail', () =>
      attempts(context, stack, new Date(Date.now() - hours * HOUR_MS)),
    );
    const shown = refused ? all.filter((attempt) => attempt.refused !== null) : all;
    const rows = shown.map(({ at, what, who, from, about, refused: code }) => [
      at,
      code === null ? what : `${what}: REFUSED (${code})`,
      who.replace(/^arn:[^/]*\//, ''),
      from,
      about,
    ]);
    const text =
      rows.length === 0
        ? 'Nothing. CloudTrail shows an attempt about five minutes after it was made.'
        : table(['WHEN', 'WHAT', 'WHO', 'FROM', 'ABOUT'], rows);
    context.ui.result(shown, text);
    return EXIT.ok;
  },
};
