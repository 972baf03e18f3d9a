import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Processes } from '../context';
import { hostPostgres } from '../parts';
import { makeAuthority } from './authority';
import { freePort } from '../free-port';
import { socketDirectory, startServer } from './server-process';
import { accountOf, type SystemAccount } from './system-account';

/** Where and how a cluster is made. */
export interface ClusterOptions {
  /** Empty or absent directory that the cluster may own. */
  readonly directory: string;
  /** Loopback port; a free one when not given. */
  readonly port?: number;
  /** Starts the server; without it the server is this process's own child. */
  readonly processes?: Pick<Processes, 'spawn'>;
  /** Further DNS names that the server's certificate holds, besides `localhost`. */
  readonly names?: readonly string[];
  readonly master?: { readonly username: string; readonly password: string };
  /** Database that the master owns. */
  readonly database?: string;
}

/** A running PostgreSQL server that treats its master user as RDS does. */
export interface Cluster {
  readonly host: 'localhost';
  readonly port: number;
  readonly database: string;
  readonly master: { readonly username: string; readonly password: string };
  /** PEM file of the authority that signed the server's certificate. */
  readonly caFile: string;
  /** Directory of the server's and client's programs. */
  readonly bin: string;
  readonly major: number;
  /** Environment with which libpq programs connect as the master, verifying the server. */
  readonly masterEnvironment: Readonly<Record<string, string>>;
  /** Environment with which libpq programs connect as the superuser, by Unix socket. */
  readonly superuserEnvironment: Readonly<Record<string, string>>;
  /** Process id of the server. */
  readonly pid: number;
  /** Runs SQL with psql, stopping at the first error. */
  psql(sql: string, as?: 'master' | 'superuser', database?: string): string;
  /** Ends the server and waits until it is gone; the directory stays. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
}

const SUPERUSER = 'rdsadmin';

/** RDS admits only TLS, and its own administrator only from within. */
const HBA = [
  `local all ${SUPERUSER} trust`,
  'local all all reject',
  `hostssl ${SUPERUSER} all all reject`,
  `hostssl all ${SUPERUSER} all reject`,
  'hostssl all all 127.0.0.1/32 scram-sha-256',
  'hostssl all all ::1/128 scram-sha-256',
  '',
].join('\n');

/**
 * The master of RDS is no superuser and does not bypass row security; it is a member of `rds_superuser`.
 * Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html
 */
const roles = (username: string, password: string, database: string): string => {
  const name = `"${username.replaceAll('"', '""')}"`;
  return [
    'CREATE ROLE rds_superuser NOLOGIN;',
    'CREATE ROLE rds_password NOLOGIN;',
    'CREATE ROLE rds_iam NOLOGIN;',
    'GRANT pg_monitor, pg_signal_backend TO rds_superuser WITH ADMIN OPTION;',
    `CREATE ROLE ${name} LOGIN CREATEDB CREATEROLE PASSWORD '${password.replaceAll("'", "''")}' VALID UNTIL 'infinity';`,
    `GRANT rds_superuser TO ${name};`,
    `CREATE DATABASE ${SUPERUSER};`,
    `REVOKE ALL ON DATABASE ${SUPERUSER} FROM PUBLIC;`,
    `CREATE DATABASE "${database.replaceAll('"', '""')}" OWNER ${name};`,
  ].join('\n');
};

function configuration(port: number, sockets: string): string[] {
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: sockets,
    ssl: 'on',
    ssl_cert_file: 'server.crt',
    ssl_key_file: 'server.key',
    password_encryption: 'scram-sha-256',
    // The lab's data is thrown away: what protects it from a power cut only costs time.
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    max_connections: '60',
    timezone: 'UTC',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function initialise(bin: string, data: string, account: SystemAccount): void {
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', SUPERUSER, '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
    {
      ...account.ids,
      env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
}

/**
 * Makes and starts a PostgreSQL server of its own on loopback: TLS with its own authority, no connection without it, and a
 * master as weak as RDS's, with an `rdsadmin` database that it cannot read. As root it runs as the system's `postgres` user.
 *
 * @throws Error when no PostgreSQL server is installed, or it does not start within a minute
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const [postgres] = hostPostgres();
  if (postgres === undefined) throw new Error('No PostgreSQL server is installed on this machine.');
  const { bin, major } = postgres;
  const account = accountOf('postgres');
  const port = options.port ?? (await freePort());
  const database = options.database ?? 'app';
  const master = options.master ?? { username: 'drawbridge', password: 'only "for" this cluster$ \\' };
  const data = join(options.directory, 'data');
  mkdirSync(options.directory, { recursive: true });
  chmodSync(options.directory, 0o755);
  const sockets = socketDirectory(account);
  mkdirSync(data, { mode: 0o700 });
  chownSync(data, account.uid, account.gid);
  initialise(bin, data, account);
  const caFile = makeAuthority(options.directory, data, ['localhost', ...(options.names ?? [])], account);
  writeFileSync(join(data, 'pg_hba.conf'), HBA);

  const server = startServer({
    program: join(bin, 'postgres'),
    args: ['-D', data, ...configuration(port, sockets)],
    account,
    sockets,
    processes: options.processes,
    endAtOnce: 'SIGQUIT',
  });
  const common = {
    PATH: process.env.PATH ?? '',
    PGPORT: String(port),
    PGDATABASE: database,
    PGCLIENTENCODING: 'UTF8',
  };
  const superuserEnvironment = { ...common, PGHOST: sockets, PGUSER: SUPERUSER };
  const masterEnvironment = {
    ...common,
    PGHOST: 'localhost',
    PGUSER: master.username,
    PGPASSWORD: master.password,
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: caFile,
  };
  const psql: Cluster['psql'] = (sql, as = 'master', inDatabase = database) =>
    execFileSync(join(bin, 'psql'), ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', '-'], {
      env: { ...(as === 'master' ? masterEnvironment : superuserEnvironment), PGDATABASE: inDatabase },
      input: sql,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['pipe', 'pipe', 'pipe'],
    }).trim();
  const stop: Cluster['stop'] = (mode = 'fast') => server.end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  try {
    await server.untilReady('PostgreSQL', () => {
      execFileSync(join(bin, 'pg_isready'), ['-q'], { env: superuserEnvironment, stdio: 'ignore' });
    });
    psql(roles(master.username, master.password, database), 'superuser', 'postgres');
  } catch (error) {
    await stop('immediate');
    throw error;
  }
  const { pid } = server;
  return {
    host: 'localhost',
    port,
    database,
    master,
    caFile,
    bin,
    major,
    masterEnvironment,
    superuserEnvironment,
    pid,
    psql,
    stop,
  };
}
