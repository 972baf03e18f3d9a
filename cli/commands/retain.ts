import { EXIT } from '../../contract/exit-codes';
import type { Command } from '../framework/command';
import { Problem } from '../framework/problem';
import { table } from '../framework/ui';

/** When what is kept for a reason may go. */
const UNTIL: Readonly<Record<string, string>> = {
  daily: 'until enough later days have a proven one',
  weekly: 'until enough later weeks have a proven one',
  monthly: 'until enough later months have a proven one',
  minimum: 'until enough newer ones are proven',
  locked: 'until its lock ends',
  'too few newer ones are proven': 'until enough newer ones are proven',
};

/** `drawbridge retain` */
export const retain: Command<{ readonly dryRun?: boolean }> = {
  name: 'retain',
  summary: 'tell which backups stay, for which reason, and which may expire',
  examples: [['drawbridge retain --dry-run', 'what the daily run of retention would decide now']],
  configure: (parser) => {
    parser.option('--dry-run', 'only tell; deciding is left to the schedule');
  },
  run: async (context, { dryRun = false }) => {
    if (!dryRun)
      throw new Problem(
        EXIT.usage,
        'Retention decides by itself, once a day, outside every box.',
        '`drawbridge retain --dry-run` tells what it would decide now.',
      );
    const { findStack } = await import('../aws/stack');
    const { askRetention } = await import('../backups/retention');
    const { idOf } = await import('../backups/id');
    const stack = await findStack(context);
    const plan = await context.ui.step('Asking retention', () => askRetention(context, stack));
    const rows = plan.decisions.map(({ prefix, keep, reasons }) => [
      idOf(prefix),
      keep ? 'stays' : 'goes',
      keep
        ? reasons.map((reason) => `${reason} (${UNTIL[reason] ?? 'as long as that holds'})`).join('; ')
        : 'its manifest within a day or two, its data two days later',
    ]);
    const text =
      rows.length === 0 ? 'There is no backup.' : table(['BACKUP', '', 'WHY, AND UNTIL WHEN'], rows);
    context.ui.result(plan, text);
    return EXIT.ok;
  },
};
