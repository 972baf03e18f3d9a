/** What to do when roles that the backup speaks of are missing on the server. */
export const MISSING_ROLES = ['refuse', 'create', 'skip'] as const;

/**
 * One of {@link MISSING_ROLES}: `refuse` begins nothing and names them; `create` makes them, without login and password; `skip`
 * restores without owners and grants, so that all of it belongs to whoever restores.
 */
export type MissingRoles = (typeof MISSING_ROLES)[number];

/** Name of a database that a restore may make: what needs no quotes anywhere, in the limits of every engine (63 bytes). */
export const RESTORABLE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;

/** For messages: what {@link RESTORABLE_NAME} accepts. */
export const RESTORABLE_NAME_WORDS = 'a letter, then up to 62 letters, digits and underscores';

/** Name of the database that a backup is restored into unless another is given: `app_restored_20261122`. */
export function restoredName(database: string, now: Date): string {
  const ending = `_restored_${now.toISOString().slice(0, 10).replaceAll('-', '')}`;
  const begin = database.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?![A-Za-z])/, 'd');
  return `${begin.slice(0, 63 - ending.length)}${ending}`;
}

/** What a restore says when it has ended well. */
export interface RestoreResult {
  /** Of the backup. */
  readonly prefix: string;
  /** Database that holds it now. */
  readonly database: string;
  /** Where the content that stood under that name is now; null when there was none. */
  readonly replaced: string | null;
  readonly tables: number;
  /** Rows counted in the restored database; as many as the manifest says, table by table. */
  readonly rows: number;
  readonly plainBytes: number;
  readonly seconds: number;
  /** What is otherwise than in the backup, in words. */
  readonly notes: readonly string[];
}
