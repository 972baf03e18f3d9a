import { EXIT } from '../../contract/exit-codes';
import { BACKUPS } from '../../contract/keys';
import { Problem } from '../framework/problem';

const ID = /^(?:backups\/)?([^/\s]+\/\d{8}T\d{9}Z_i-[0-9a-f]+)\/?$/;

/** Name of a backup for people: its prefix without `backups/`, such as `app/20261122T030000000Z_i-0123456789abcdef0`. */
export const idOf = (prefix: string): string => prefix.slice(BACKUPS.length, -1);

/**
 * Prefix of a backup by its id, or by the prefix itself.
 *
 * @throws Problem when it is neither
 */
export function prefixOf(id: string): string {
  const [, found] = ID.exec(id) ?? [];
  if (found !== undefined) return `${BACKUPS}${found}/`;
  throw new Problem(
    EXIT.usage,
    `"${id}" is no id of a backup: it must be one such as app/20261122T030000000Z_i-0123456789abcdef0.`,
    '`drawbridge backups` lists them.',
  );
}

/** The database of a backup. */
export const databaseOf = (prefix: string): string => decodeURIComponent(prefix.split('/')[1] ?? '');

/** When a backup began: its key says so. */
export function startOf(prefix: string): Date {
  const [, day, hours, minutes, seconds, milliseconds] =
    /\/(\d{8})T(\d\d)(\d\d)(\d\d)(\d{3})Z_/.exec(prefix) ?? [];
  const date = day?.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3') ?? '';
  return new Date(`${date}T${hours ?? ''}:${minutes ?? ''}:${seconds ?? ''}.${milliseconds ?? ''}Z`);
}
