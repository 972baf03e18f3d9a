import { InvalidArgumentError, Option } from 'commander';
import {
  MISSING_ROLES,
  type MissingRoles,
  RESTORABLE_NAME,
  RESTORABLE_NAME_WORDS,
} from '../../contract/restore';
import type { Command } from '../framework/command';
import { wholeNumber } from '../framework/words';

/** What `restore` was asked. */
export interface RestoreOptions {
  readonly at?: Date;
  readonly database?: string;
  readonly into?: string;
  readonly over?: string;
  readonly jobs?: number;
  readonly identity?: string;
  readonly roles: MissingRoles;
  readonly yes?: boolean;
}

/** Reads an instant; a day alone is its end in UTC. */
function instant(text: string): Date {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const at = new Date(day ? `${text}T23:59:59.999Z` : text);
  if (
    /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text) &&
    !Number.isNaN(at.getTime())
  )
    return at;
  throw new InvalidArgumentError(
    'It must be a day (2026-11-22) or an instant with its zone (2026-11-22T14:30Z).',
  );
}

function name(text: string): string {
  if (RESTORABLE_NAME.test(text)) return text;
  throw new InvalidArgumentError(`It must be ${RESTORABLE_NAME_WORDS}.`);
}

/** `drawbridge restore` */
export const restore: Command<RestoreOptions> = {
  name: 'restore',
  summary: 'restore a backup into a new database of the server, and count its rows',
  examples: [
    [
      'drawbridge restore app/20261122T030000000Z_i-0123456789abcdef0',
      'into app_restored_<today>; a box is opened for it and closed again',
    ],
    ['drawbridge restore --at 2026-11-20 --into app_friday', 'the newest backup of that day or before'],
    [
      'drawbridge restore --at 2026-11-20 --into app --over app',
      'in the place of app, which is kept under another name',
    ],
    [
      'drawbridge restore <id> --identity key.txt',
      'an encrypted one: the box is handed the keys of this backup alone, and your key stays here',
    ],
    ['drawbridge restore <id> --roles create --yes', 'makes roles that are missing; asks nothing'],
  ],
  configure: (parser) => {
    parser
      .argument('[id]', 'the backup, as `drawbridge backups` names it')
      .option('--at <date>', 'instead of an id: the newest backup of this day or instant, or before', instant)
      .option('--database <name>', "with --at: whose backup; the stack's own when left out")
      .option('--into <name>', 'database to restore into; <database>_restored_<today> when left out', name)
      .option('--over <name>', 'the same name again: it may be replaced although it is not empty', name)
      .option(
        '--jobs <number>',
        'processes at a time; one by processor of the box when left out',
        wholeNumber(1, 99, 'jobs'),
      )
      .addOption(
        new Option('--roles <what>', 'when roles of the backup are missing')
          .choices(MISSING_ROLES)
          .default('refuse'),
      )
      .option('--identity <file>', 'of an encrypted backup: the file of your secret key, which stays here')
      .option('--yes', 'do not ask');
  },
  run: async (context, options, [id]) => {
    const { runRestore } = await import('../backups/restore');
    return runRestore(context, options, id);
  },
};
