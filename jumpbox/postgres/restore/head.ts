import { ask, plainEnvironment } from '../../process/program';

/** What an archive says of its database as a whole. */
export interface ArchiveHead {
  /** Encoding and locale, as `CREATE DATABASE` takes them after the template. */
  readonly options: string;
  /** `SET …` of `ALTER DATABASE`, one each. */
  readonly settings: readonly string[];
  /** Every definition, as SQL. */
  readonly definitions: string;
}

/** The name of a database as pg_dump writes it. */
const NAME = String.raw`(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)`;

/** Reads the definitions that pg_restore would make, database included. */
export function parseHead(definitions: string): ArchiveHead {
  const [, options = ''] =
    new RegExp(
      `^CREATE DATABASE ${NAME} WITH TEMPLATE = template0((?: [A-Z_]+ = (?:'[^']*'|[a-z]+))*)`,
      'm',
    ).exec(definitions) ?? [];
  const settings = [...definitions.matchAll(new RegExp(`^ALTER DATABASE ${NAME} (SET .*);$`, 'gm'))];
  return {
    // A tablespace is the old server's own.
    options: options.replace(/ TABLESPACE = \S+/, ''),
    settings: settings.flatMap(([, setting]) => setting ?? []),
    definitions,
  };
}

/** What the archive in a file says of its database. */
export async function readHead(file: string): Promise<ArchiveHead> {
  const args = ['--create', '--schema-only', '--file=-', file];
  return parseHead(await ask('pg_restore', args, { environment: plainEnvironment() }));
}
