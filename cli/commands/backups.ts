import { EXIT } from '../../contract/exit-codes';
import type { Command } from '../framework/command';
import { Problem } from '../framework/problem';
import { wholeNumber } from '../framework/words';

interface Options {
  readonly limit: number;
  readonly database?: string;
}

/** `drawbridge backups` */
export const backups: Command<Options> = {
  name: 'backups',
  summary: 'list backups with age, size, proof and class; show everything about one',
  examples: [
    ['drawbridge backups', 'the newest 20'],
    ['drawbridge backups --database orders --limit 500', 'of one database, more of them'],
    [
      'drawbridge backups show app/20261122T030000000Z_i-0123456789abcdef0',
      'who started it, which box, which objects, its proof',
    ],
  ],
  configure: (parser) => {
    parser
      .argument('[show]', 'the word "show"')
      .argument('[id]', 'with show: the backup, as the list names it')
      .option('--database <name>', 'only of this database')
      .option('--limit <number>', 'how many of the newest', wholeNumber(1, 10_000, 'backups'), 20);
  },
  run: async (context, options, [verb, id]) => {
    if (verb !== undefined && (verb !== 'show' || id === undefined))
      throw new Problem(
        EXIT.usage,
        verb === 'show' ? 'Which backup? None is named.' : `"${verb}" says nothing here.`,
        'Say `drawbridge backups`, or `drawbridge backups show <id>`.',
      );
    const { listBackups } = await import('../backups/list');
    if (id === undefined) return listBackups(context, options);
    const { showBackup } = await import('../backups/show');
    return showBackup(context, id);
  },
};
