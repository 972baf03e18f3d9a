import type { Command } from '../framework/command';

/** What `export` was asked. */
export interface ExportOptions {
  readonly identity?: string;
}

/** `drawbridge export` */
export const exportBackup: Command<ExportOptions> = {
  name: 'export',
  summary: 'bring a backup to this machine, verified, and say how to restore it by hand',
  examples: [
    ['drawbridge export app/20261122T030000000Z_i-0123456789abcdef0', 'into a directory of that name here'],
    ['drawbridge export <id> /mnt/vault --identity key.txt', 'decrypted with your own key of age'],
  ],
  configure: (parser) => {
    parser
      .argument('<id>', 'the backup, as `drawbridge backups` names it')
      .argument('[directory]', 'a new or empty one; named after the backup when left out')
      .option('--identity <file>', 'secret key of age, for a backup that is encrypted by it');
  },
  run: async (context, options, [id = '', directory]) => {
    const { runExport } = await import('../backups/export');
    return runExport(context, options, id, directory);
  },
};
