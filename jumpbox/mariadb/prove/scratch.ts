import { accessSync, constants } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../../contract/exit-codes';
import { ask, plainEnvironment, type Program, ProgramFailed, start } from '../../process/program';
import { type Account, serverAccount } from '../../prove/account';
import { scratchStop } from '../../prove/trouble';
import { reasonOf, Stop } from '../../stop';
import { COMMON, identifier, LARGEST_PACKET, linesOf, literal, type Reach } from '../client';

/** A path of a Unix socket may have 107 bytes: https://man7.org/linux/man-pages/man7/unix.7.html */
const LONGEST_SOCKET_DIRECTORY = 85;

const START_MS = 60_000;

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

async function initialise(data: string, account: Account): Promise<void> {
  const args = [
    '--no-defaults',
    `--datadir=${data}`,
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

async function untilReady(reach: Reach, server: Program, lost: Promise<never>): Promise<string> {
  const end = Date.now() + START_MS;
  for (;;) {
    try {
      const [version = ''] = await Promise.race([linesOf(reach, undefined, 'SELECT VERSION()'), lost]);
      return version;
    } catch (error) {
      if (error instanceof Stop) throw error;
      if (Date.now() > end)
        throw scratchStop('The scratch server did not start', `${reasonOf(error)} ${server.words()}`);
      await sleep(50);
    }
  }
}

function watch(server: Program): Promise<never> {
  const lost = server.done.then(
    () => Promise.reject(scratchStop('The scratch server ended by itself', server.words())),
    (error: unknown) => Promise.reject(scratchStop('The scratch server failed', reasonOf(error))),
  );
  lost.catch(() => undefined);
  return lost;
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
  const own = await mkdtemp(join(parent, 'scratch-'));
  const base = tmpdir().length <= LONGEST_SOCKET_DIRECTORY ? tmpdir() : '/tmp';
  const sockets = await mkdtemp(join(base, 'dbs-'));
  let server: Program | undefined;
  try {
    const [data, temporary] = [join(own, 'data'), join(own, 'tmp')];
    for (const path of [data, temporary]) await mkdir(path);
    for (const path of [own, data, temporary, sockets]) {
      if (account.uid !== undefined && account.gid !== undefined) await chown(path, account.uid, account.gid);
      await chmod(path, 0o700);
    }
    await initialise(data, account);
    const socket = join(sockets, 'mariadb.sock');
    const paths = { datadir: data, tmpdir: temporary, socket, 'pid-file': join(sockets, 'mariadb.pid') };
    const settings = Object.entries({ ...SETTINGS, ...paths }).map(([name, value]) => `--${name}=${value}`);
    const running = start(program, ['--no-defaults', ...settings], {
      environment: plainEnvironment(),
      ...account,
    });
    server = running;
    server.stdin.on('error', () => undefined).end();
    server.stdout.resume();
    const lost = watch(server);
    const args = [...COMMON, '--protocol=SOCKET', `--socket=${socket}`, '--user=root'];
    const reach = { args, environment: plainEnvironment() };
    const version = await untilReady(reach, server, lost);
    return await use({
      version,
      reach,
      lost,
      words: () => running.words(),
      createDatabase: (name, collation) => createDatabase(reach, name, collation),
    });
  } finally {
    // Nothing of it is kept: it need not write down what it has in memory.
    await server?.end('SIGKILL');
    for (const path of [own, sockets]) await rm(path, { recursive: true, force: true });
  }
}
