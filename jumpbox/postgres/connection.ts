import { Client } from 'pg';
import type { Access } from '../database/access';
import { databaseStop } from '../database/refusal';
import { plainEnvironment } from '../process/program';

/** A connection, and news of its loss. */
export interface Connection {
  readonly client: Client;
  /** Rejects when the server goes away; never resolves. */
  readonly lost: Promise<never>;
}

/**
 * Settings that change how a value is written: the same for a dump and for the dump of what it restored to, whatever the
 * server, the database or the role has as its default.
 */
export const DUMP_OPTIONS = '-c TimeZone=UTC -c bytea_output=hex';

/** Environment of libpq programs; the password stands nowhere else. */
export function libpqEnvironment(access: Access): Record<string, string> {
  const { settings, login } = access;
  return {
    ...plainEnvironment(),
    PGHOST: settings.databaseHost,
    PGPORT: String(settings.databasePort),
    PGDATABASE: settings.databaseName,
    PGUSER: login.username,
    PGPASSWORD: login.password,
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: access.authoritiesFile,
    PGCONNECT_TIMEOUT: '20',
    PGAPPNAME: 'drawbridge backup',
    PGOPTIONS: DUMP_OPTIONS,
  };
}

/**
 * Connects with TLS, verifying the server's certificate and name.
 *
 * @throws Stop with `EXIT.databaseRefused` (password, TLS, no such database) or `EXIT.unavailable`
 */
export async function connect(access: Access): Promise<Connection> {
  const { settings, login } = access;
  const client = new Client({
    host: settings.databaseHost,
    port: settings.databasePort,
    database: settings.databaseName,
    user: login.username,
    password: login.password,
    ssl: { ca: [...access.authorities], rejectUnauthorized: true },
    connectionTimeoutMillis: 20_000,
    keepAlive: true,
    application_name: 'drawbridge backup',
  });
  const lost = new Promise<never>((_, reject) => {
    client.on('error', (error) => {
      reject(databaseStop('The database went away', error));
    });
  });
  // Whoever works with the connection waits for this too; before and after, a loss concerns nobody.
  lost.catch(() => undefined);
  try {
    await client.connect();
  } catch (error) {
    const where = `${settings.databaseHost}:${String(settings.databasePort)}`;
    throw databaseStop(
      `The database ${settings.databaseName} at ${where} did not let ${login.username} in`,
      error,
    );
  }
  return { client, lost };
}
