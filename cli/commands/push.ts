import { EXIT } from '../../contract/exit-codes';
import type { Command } from '../framework/command';

interface Options {
  readonly config: string;
  readonly dryRun?: boolean;
}

/** `drawbridge push` */
export const push: Command<Options> = {
  name: 'push',
  summary: 'hand files of this machine and its neighbours in, through an intake box',
  examples: [
    ['drawbridge push', 'as /etc/drawbridge/push.json says'],
    ['drawbridge push --dry-run', 'only name what would be handed in'],
    ['drawbridge push --json', 'print the receipt; exit code 4 when some files were not taken'],
  ],
  configure: (parser) => {
    parser
      .option('--config <file>', 'what to hand in, and to whom', '/etc/drawbridge/push.json')
      .option('--dry-run', 'open no box; name what would be announced');
  },
  run: async (context, options) => {
    const { readConfig } = await import('../push/config');
    const config = readConfig(options.config);
    if (options.dryRun === true) {
      const { dryRun } = await import('../push/dry-run');
      return dryRun(context, config);
    }
    const { push: handIn } = await import('../push/push');
    const region = config.region ?? context.region;
    const pushed = await context.ui.step('Hand files in', (progress) =>
      handIn({ ...context, region }, config, progress),
    );
    const { receipt, unread } = pushed;
    for (const { path, reason } of unread) context.ui.warn(`Not read: ${path}: ${reason}`);
    for (const { path, reason } of receipt.refusals) context.ui.warn(`Refused: ${path}: ${reason}`);
    for (const { path, reason } of receipt.flags) context.ui.warn(`Flagged: ${path}: ${reason}`);
    context.ui.result(
      pushed,
      `${receipt.files} files are there (${receipt.unchanged} unchanged), ${receipt.refused} were refused; receipt ${pushed.key}`,
    );
    return receipt.refused > 0 || unread.length > 0 ? EXIT.someRefused : EXIT.ok;
  },
};
