import { join } from 'node:path';
import { Client } from 'pg';
import { DUMP_OPTIONS } from '../connection';
import { ask, plainEnvironment, ProgramFailed } from '../../process/program';
import { startServer, untilReady, withScratchDirectories } from '../../prove/scratch-server';
import { noRoom, scratchStop } from '../../prove/trouble';
import { reasonOf, Stop } from '../../stop';
import { type Account, serverAccount } from '../../prove/account';

/** Superuser of the scratch server: a name that no backup brings with it. */
const SUPERUSER = 'drawbridge_scratch';

/** Database that the backup is restored into. */
const DATABASE = 'restored';

/** What protects data from a power cut only costs time here. */
const SETTINGS = {
  listen_addresses: '',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '256MB',
  autovacuum: 'off',
  shared_buffers: '64MB',
  maintenance_work_mem: '128MB',
  timezone: 'UTC',
  jit: 'off',
};

/** A PostgreSQL server that lives as long as a proof: reachable by Unix socket only, and by nobody else. */
export interface ScratchServer {
  readonly version: string;
  /** Environment with which client programs reach the restored database as superuser. */
  readonly environment: Readonly<Record<string, string>>;
  /** Extensions that could be created here. */
  readonly extensions: ReadonlySet<string>;
  /** Makes the database, with the encoding of the dump. */
  createDatabase(encoding: string): Promise<void>;
  /** Rejects when the server ends by itself. */
  readonly lost: Promise<never>;
}

async function initialise(data: string, account: Account): Promise<void> {
  const args = ['-D', data, '-U', SUPERUSER, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  await ask('initdb', args, { environment: plainEnvironment(), ...account }).catch((error: unknown) => {
    throw error instanceof ProgramFailed
      ? scratchStop('The scratch server could not be made', error.message)
      : error;
  });
}

function connectTo(sockets: string, database: string): Client {
  const client = new Client({ host: sockets, port: 5432, user: SUPERUSER, database, ssl: false });
  // A loss of this connection shows in the query that waits for it.
  client.on('error', () => undefined);
  return client;
}

async function query<T extends object>(sockets: string, sql: string): Promise<T[]> {
  const client = connectTo(sockets, 'postgres');
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } catch (error) {
    throw noRoom(reasonOf(error))
      ? scratchStop('The scratch database could not be made', reasonOf(error))
      : error;
  } finally {
    await client.end();
  }
}

/** C.UTF-8 sorts like C but knows every letter; not every system has it, and it fits UTF-8 only. */
async function createDatabase(sockets: string, encoding: string): Promise<void> {
  if (!/^[A-Za-z0-9_]+$/.test(encoding))
    throw new Error(`The dump's encoding "${encoding}" is no name of an encoding`);
  const create = (locale: string): Promise<unknown> =>
    query(
      sockets,
      `CREATE DATABASE ${DATABASE} TEMPLATE template0 ENCODING '${encoding}' LOCALE '${locale}'`,
    );
  if (encoding !== 'UTF8') await create('C');
  else {
    await create('C.UTF-8').catch((error: unknown) => {
      if (error instanceof Stop) throw error;
      return create('C');
    });
  }
}

/**
 * Runs a PostgreSQL server in directories of its own, hands it to `use`, and removes all of it, whatever happens.
 *
 * @param parent - directory on a real disk
 * @throws Stop when the server's programs are missing or do not start, or the disk is full
 */
export async function withScratchServer<T>(
  parent: string,
  use: (server: ScratchServer) => Promise<T>,
): Promise<T> {
  const account = await serverAccount('postgres');
  return withScratchDirectories(parent, account, ['data'], async ({ own, sockets }) => {
    const data = join(own, 'data');
    await initialise(data, account);
    const settings = Object.entries({ ...SETTINGS, unix_socket_directories: sockets });
    const args = ['-D', data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    const running = startServer('postgres', args, account);
    const { server, lost } = running;
    try {
      const version = await untilReady(running, async () => {
        const rows = await query<{ server_version: string }>(sockets, 'SHOW server_version');
        return rows[0]?.server_version ?? '';
      });
      const extensions = await query<{ name: string }>(sockets, 'SELECT name FROM pg_available_extensions');
      const environment = {
        ...plainEnvironment(),
        PGHOST: sockets,
        PGPORT: '5432',
        PGUSER: SUPERUSER,
        PGDATABASE: DATABASE,
        PGOPTIONS: DUMP_OPTIONS,
      };
      return await use({
        version,
        environment,
        extensions: new Set(extensions.map(({ name }) => name)),
        createDatabase: (encoding) => createDatabase(sockets, encoding),
        lost,
      });
    } finally {
      // SIGINT is PostgreSQL's fast shutdown; the usual SIGTERM would wait for clients.
      await server.end('SIGINT');
    }
  });
}
