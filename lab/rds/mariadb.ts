import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Processes } from '../context';
import { hostMariadb } from '../parts';
import { makeAuthority } from './authority';
import { freePort } from '../free-port';
import { socketDirectory, startServer } from './server-process';
import { accountOf, type SystemAccount } from './system-account';

/** Where and how a server is made. */
export interface MariadbOptions {
  /** Empty or absent directory that the server may own. */
  readonly directory: string;
  /** Starts the server; without it the server is this process's own child. */
  readonly processes?: Pick<Processes, 'spawn'>;
  readonly master?: { readonly username: string; readonly password: string };
  /** Database that is made for the master. */
  readonly database?: string;
  /** Directory with `server.crt` and `server.key`, and their authority's file; an authority of its own when not given. */
  readonly authority?: { readonly directory: string; readonly caFile: string };
}

/** A running MariaDB server that treats its master user as RDS does. */
export interface MariadbServer {
  readonly host: 'localhost';
  readonly port: number;
  readonly database: string;
  readonly master: { readonly username: string; readonly password: string };
  /** PEM file of the authority that signed the server's certificate. */
  readonly caFile: string;
  /** Release series, such as `10.11`. */
  readonly series: string;
  readonly pid: number;
  /** Runs SQL with the client, stopping at the first error. */
  sql(text: string, as?: 'master' | 'superuser', database?: string): string;
  /** Ends the server and waits until it is gone; the directory stays. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
}

const SUPERUSER = 'rdsadmin';

/**
 * What RDS grants its master: no SUPER, no FILE, no SHUTDOWN. RELOAD, which RDS grants while it refuses FLUSH TABLES WITH READ
 * LOCK, is left out, so that it is refused here too.
 * Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.MasterAccounts.html
 */
const PRIVILEGES = [
  'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES',
  'CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW',
  'CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER',
].join(', ');

const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
const identifier = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/** RDS admits its own administrator only from within. */
const accounts = (
  master: { readonly username: string; readonly password: string },
  database: string,
): string =>
  [
    `CREATE DATABASE ${identifier(database)} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`,
    `CREATE USER ${literal(master.username)}@'%' IDENTIFIED BY ${literal(master.password)} REQUIRE SSL`,
    `GRANT ${PRIVILEGES} ON *.* TO ${literal(master.username)}@'%' WITH GRANT OPTION`,
    `RENAME USER root@localhost TO ${SUPERUSER}@localhost`,
    `DELETE FROM mysql.global_priv WHERE user = 'root'`,
    'FLUSH PRIVILEGES',
  ].join(';\n');

/**
 * Where a server keeps its files. It has a `tmpdir` of its own because a server that starts removes the temporary tables that it
 * finds in its, also those of another (`mysql_rm_tmp_tables` in MariaDB's sql/sql_base.cc).
 */
type Directories = Readonly<Record<'datadir' | 'tmpdir', string>>;

function makeDirectories(parent: string, account: SystemAccount): Directories {
  const directories = { datadir: join(parent, 'data'), tmpdir: join(parent, 'tmp') };
  for (const path of Object.values(directories)) {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    chmodSync(path, 0o700);
    chownSync(path, account.uid, account.gid);
  }
  return directories;
}

function configuration(directories: Directories, sockets: string, port: number): string[] {
  const settings = {
    ...directories,
    socket: join(sockets, 'mariadb.sock'),
    'pid-file': join(sockets, 'mariadb.pid'),
    port: String(port),
    'bind-address': '127.0.0.1',
    'skip-name-resolve': 'ON',
    'ssl-cert': join(directories.datadir, 'server.crt'),
    'ssl-key': join(directories.datadir, 'server.key'),
    'require-secure-transport': 'ON',
    'max-allowed-packet': '1G',
    'event-scheduler': 'OFF',
    // The lab's data is thrown away: what protects it from a power cut only costs time.
    'innodb-flush-log-at-trx-commit': '0',
    'innodb-doublewrite': 'OFF',
    'innodb-buffer-pool-size': '128M',
    'performance-schema': 'OFF',
  };
  return ['--no-defaults', ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)];
}

function initialise({ datadir, tmpdir }: Directories, account: SystemAccount): void {
  const args = [
    `--datadir=${datadir}`,
    `--tmpdir=${tmpdir}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--innodb-flush-log-at-trx-commit=0',
  ];
  execFileSync('mariadb-install-db', ['--no-defaults', ...args], {
    ...account.ids,
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/**
 * Makes and starts a MariaDB server of its own on loopback: TLS, no connection without it, and a master as weak as RDS's. As
 * root it runs as the system's `mysql` user.
 *
 * @throws Error when no MariaDB server is installed, or it does not start within a minute
 */
export async function startMariadb(options: MariadbOptions): Promise<MariadbServer> {
  const host = hostMariadb();
  if (host === undefined) throw new Error('No MariaDB server is installed on this machine.');
  const account = accountOf('mysql');
  const port = await freePort();
  const database = options.database ?? 'app';
  const master = options.master ?? { username: 'drawbridge', password: 'only "for" this\'s server$ \\' };
  const directories = makeDirectories(options.directory, account);
  const { datadir: data } = directories;
  const sockets = socketDirectory(account);
  initialise(directories, account);
  const caFile = options.authority?.caFile ?? makeAuthority(options.directory, data, ['localhost'], account);
  for (const name of options.authority === undefined ? [] : ['server.crt', 'server.key']) {
    copyFileSync(join(options.authority?.directory ?? '', name), join(data, name));
    chmodSync(join(data, name), 0o600);
    chownSync(join(data, name), account.uid, account.gid);
  }
  const server = startServer({
    program: host.server,
    args: configuration(directories, sockets, port),
    account,
    sockets,
    processes: options.processes,
    endAtOnce: 'SIGKILL',
  });
  const asSuperuser = (user: string): string[] => [
    '--protocol=SOCKET',
    `--socket=${join(sockets, 'mariadb.sock')}`,
    `--user=${user}`,
  ];
  const asMaster = [
    '--protocol=TCP',
    '--host=localhost',
    `--port=${port}`,
    `--user=${master.username}`,
    `--ssl-ca=${caFile}`,
    '--ssl-verify-server-cert',
  ];
  const run = (input: string, who: readonly string[]): string =>
    execFileSync(
      'mariadb',
      ['--no-defaults', '--default-character-set=utf8mb4', ...who, '-N', '--raw', '--batch'],
      {
        env: { PATH: process.env.PATH ?? '', MYSQL_PWD: who === asMaster ? master.password : '' },
        input,
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    ).trim();
  const stop: MariadbServer['stop'] = (mode = 'fast') => server.end(mode === 'fast' ? 'SIGTERM' : 'SIGKILL');
  try {
    await server.untilReady('MariaDB', () => {
      run('SELECT 1', asSuperuser('root'));
    });
    run(accounts(master, database), asSuperuser('root'));
  } catch (error) {
    await stop('immediate');
    throw error;
  }
  const sql: MariadbServer['sql'] = (text, as = 'master', inDatabase = database) =>
    run(`USE ${identifier(inDatabase)};\n${text}`, as === 'master' ? asMaster : asSuperuser(SUPERUSER));
  const { series } = host;
  return { host: 'localhost', port, database, master, caFile, series, pid: server.pid, sql, stop };
}
