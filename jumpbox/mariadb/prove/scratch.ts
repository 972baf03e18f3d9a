import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { EXIT } from '../../../contract/exit-codes';
import { ask, plainEnvironment, ProgramFailed } from '../../process/program';
import { type Account, serverAccount } from '../../prove/account';
import { startServer, untilReady, withScratchDirectories } from '../../prove/scratch-server';
import { scratchStop } from '../../prove/trouble';
import { reasonOf, Stop } from '../../stop';
import { COMMON, identifier, LARGEST_PACKET, linesOf, literal, type Reach } from '../client';

/** Where distributions put the server besides PATH: Amazon Linux and Fedora, Debian. */
const SERVER_DIRECTORIES = ['/usr/libexec', '/usr/sbin', '/usr/local/sbin'];

/** What protects data from a power cut only costs time here; nothing runs but the restore. */
const SETTINGS = {
  'skip-networking': 'ON',
  'event-scheduler': 'OFF',
  'skip-log-bin': 'ON',
  'innodb-flush-log-at-trx-commit': '0',
  'innodb-doublewrite': 'OFF',
  'innodb-buffer-pool-size': '64M',
  'performance-schema': 'OFF',
  'local-infile': 'OFF',
  'max-allowed-packet': LARGEST_PACKET,
  'character-set-server': 'utf8mb4',
};

/** A MariaDB server that lives as long as a proof: reachable by Unix socket only, and by nobody else. */
export interface ScratchServer {
  readonly version: string;
  /** Reach as its superuser. */
  readonly reach: Reach;
  createDatabase(name: string, collation: string | undefined): Promise<void>;
  /** What the server has said in its log. */
  words(): string;
  /** Rejects when the server ends by itself. */
  readonly lost: Promise<never>;
}

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/**
 * Path of the server's program, which not every distribution puts into PATH.
 *
 * @throws Stop with `EXIT.wrongTools`
 */
export function serverProgram(): Promise<string> {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...SERVER_DIRECTORIES];
  const found = directories.map((directory) => join(directory, 'mariadbd')).find(isProgram);
  if (found !== undefined) return Promise.resolve(found);
  const message = "The program mariadbd is not installed on this box: install MariaDB's server package.";
  return Promise.reject(new Stop(EXIT.wrongTools, message));
}

/**
 * A server that starts removes the temporary tables that it finds in its `tmpdir`, also those of another, which then fails
 * (`mysql_rm_tmp_tables` in MariaDB's sql/sql_base.cc): each has a `tmpdir` of its own.
 */
async function initialise(
  paths: Readonly<Record<'datadir' | 'tmpdir', string>>,
  account: Account,
): Promise<void> {
  const args = [
    '--no-defaults',
    `--datadir=${paths.datadir}`,
    `--tmpdir=${paths.tmpdir}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--innodb-flush-log-at-trx-commit=0',
  ];
  const options = { environment: plainEnvironment(), ...account };
  await ask('mariadb-install-db', args, options).catch((error: unknown) => {
    if (!(error instanceof ProgramFailed)) throw error;
    throw scratchStop('The scratch server could not be made', error.message);
  });
}

async function createDatabase(reach: Reach, name: string, collation: string | undefined): Promise<void> {
  const collate = collation === undefined ? '' : ` COLLATE ${literal(collation)}`;
  await linesOf(reach, undefined, `CREATE DATABASE ${identifier(name)}${collate}`).catch((error: unknown) => {
    throw scratchStop('The scratch database could not be made', reasonOf(error));
  });
}

/**
 * Runs a MariaDB server in directories of its own, hands it to `use`, and removes all of it, whatever happens.
 *
 * @param parent - directory on a real disk
 * @throws Stop when the server's programs are missing or do not start, or the disk is full
 */
export async function withScratchServer<T>(
  parent: string,
  use: (server: ScratchServer) => Promise<T>,
): Promise<T> {
  const [account, program] = await Promise.all([serverAccount('mysql'), serverProgram()]);
  return withScratchDirectories(parent, account, ['data', 'tmp'], async ({ own, sockets }) => {
    const directories = { datadir: join(own, 'data'), tmpdir: join(own, 'tmp') };
    await initialise(directories, account);
    const socket = join(sockets, 'mariadb.sock');
    const paths = { ...directories, socket, 'pid-file': join(sockets, 'mariadb.pid') };
    const settings = Object.entries({ ...SETTINGS, ...paths }).map(([name, value]) => `--${name}=${value}`);
    const running = startServer(program, ['--no-defaults', ...settings], account);
    const { server, lost } = running;
    try {
      const args = [...COMMON, '--protocol=SOCKET', `--socket=${socket}`, '--user=root'];
      const reach = { args, environment: plainEnvironment() };
      const version = await untilReady(running, async () => {
        const [line = ''] = await linesOf(reach, undefined, 'SELECT VERSION()');
        return line;
      });
      return await use({
        version,
        reach,
        lost,
        words: () => server.words(),
        createDatabase: (name, collation) => createDatabase(reach, name, collation),
      });
    } finally {
      // Nothing of it is kept: it need not write down what it has in memory.
      await server.end('SIGKILL');
    }
  });
}
