import { EXIT } from '../../../contract/exit-codes';
import type { MissingRoles } from '../../../contract/restore';
import { Stop } from '../../stop';

/** A role's name as pg_dump writes it: in quotes where it needs them. */
const NAME = String.raw`"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*`;

/** Roles that every server, or RDS, has its own of. */
const SYSTEM = /^"?(pg_|rds)/;

/** Names that `roles.sql` makes, as it writes them. */
export const rolesIn = (script: string): string[] =>
  [...script.matchAll(new RegExp(`^CREATE ROLE (${NAME});$`, 'gm'))].flatMap(([, name]) => name ?? []);

/** Which of the roles own something in these definitions, or may do something. */
export function rolesUsed(names: readonly string[], definitions: string): string[] {
  const used = new Set(
    [...definitions.matchAll(new RegExp(`(?:\\sTO|FOR ROLE) ((?:${NAME})(?:, (?:${NAME}))*)`, 'g'))].flatMap(
      ([, list = '']) => list.match(new RegExp(NAME, 'g')) ?? [],
    ),
  );
  return names.filter((name) => used.has(name) && !SYSTEM.test(name));
}

/** The name itself, without the quotes. */
export const plainName = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;

/**
 * Refuses missing roles, unless it was said what to do about them.
 *
 * @throws Stop with `EXIT.databaseRefused` naming them
 */
export function demandRoles(missing: readonly string[], choice: MissingRoles): void {
  if (missing.length === 0 || choice !== 'refuse') return;
  throw new Stop(
    EXIT.databaseRefused,
    [
      'The backup speaks of roles that this server does not have; nothing was begun:',
      ...missing.map((name) => `- ${name}`),
      'Make them yourself, or say --roles create (makes them, without login and password) or --roles skip (no owners, no grants: ' +
        'everything belongs to whoever restores).',
    ].join('\n'),
  );
}
