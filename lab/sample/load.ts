import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where the sample is loaded: the program, and the environment with which libpq connects. */
export interface SampleConnection {
  /** psql; found in PATH when not given. */
  readonly psql?: string;
  /** `PGHOST`, `PGUSER`, `PGDATABASE`, … */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Loads the sample shop into an empty database, as its owner. About 3.7 rows come of each order.
 *
 * @param rows - number of orders; 80,000 make about 300,000 rows and take a few seconds
 * @throws Error with psql's words when a statement fails
 */
export async function loadSample(connection: SampleConnection, { rows }: { rows: number }): Promise<void> {
  const args = [
    '-X',
    '-q',
    '-v',
    'ON_ERROR_STOP=1',
    '-v',
    `rows=${String(rows)}`,
    '-f',
    join(__dirname, 'schema.sql'),
  ];
  await run(connection.psql ?? 'psql', args, { env: { ...process.env, ...connection.environment } });
}

/**
 * Loads the sample shop for MariaDB into an empty database.
 *
 * @param run - runs SQL with the client
 * @param rows - number of orders; about 3.7 rows come of each
 */
export function loadMariadbSample(run: (sql: string) => string, { rows }: { rows: number }): void {
  const schema = readFileSync(join(__dirname, 'mariadb.sql'), 'utf8');
  run(`SET @orders = ${String(rows)};\n${schema}`);
}
