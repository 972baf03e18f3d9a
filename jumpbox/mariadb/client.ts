import type { Access } from '../database/access';
import { ask, plainEnvironment } from '../process/program';

/** How MariaDB's client programs reach a server: their first arguments, and their environment. */
export interface Reach {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Largest row that goes through: the most that the protocol allows, in the client and in the scratch server alike. */
export const LARGEST_PACKET = '1G';

/** Longest wait for a table that somebody changes, in seconds; the server's own limit is a day. */
export const LOCK_WAIT_SECONDS = 60;

/** What holds for every program: no option file of this machine changes what it does. */
export const COMMON = [
  '--no-defaults',
  '--default-character-set=utf8mb4',
  `--max-allowed-packet=${LARGEST_PACKET}`,
];

/**
 * Reach of the database: TLS, the server's certificate and name verified. The password stands in the environment of the
 * programs and nowhere else, as it does for PostgreSQL's: an option file would have to lie on a disk, and a descriptor in its
 * stead is read by some versions only.
 */
export function reachOf({ settings, login, authoritiesFile }: Access): Reach {
  return {
    args: [
      ...COMMON,
      '--protocol=TCP',
      `--host=${settings.databaseHost}`,
      `--port=${String(settings.databasePort)}`,
      `--user=${login.username}`,
      `--ssl-ca=${authoritiesFile}`,
      '--ssl-verify-server-cert',
    ],
    environment: { ...plainEnvironment(), MYSQL_PWD: login.password },
  };
}

/** Quotes a text for SQL; for the default SQL mode. */
export const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** Quotes a name for SQL. */
export const identifier = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/** Runs SQL and returns the lines that it gives. */
export async function linesOf(reach: Reach, database: string | undefined, sql: string): Promise<string[]> {
  const where = database === undefined ? [] : [`--database=${database}`];
  const patience = `--init-command=SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`;
  const args = [...reach.args, ...where, patience, '--batch', '--raw', '--skip-column-names'];
  const text = await ask('mariadb', args, { environment: reach.environment }, `${sql};\n`);
  return text.split('\n').filter((line) => line !== '');
}

/** Runs a query whose only column is a JSON object; JSON has no line breaks, whatever the names hold. */
export async function objectsOf<T extends object>(
  reach: Reach,
  database: string | undefined,
  sql: string,
): Promise<T[]> {
  return (await linesOf(reach, database, sql)).map((line) => JSON.parse(line) as T);
}
