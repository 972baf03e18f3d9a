import type { Credentials } from './credentials';

/** A database at the local end of a tunnel. */
export interface LocalDatabase {
  /** Name in the server's certificate. */
  readonly host: string;
  /** Local port. */
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** PEM file of roots. */
  readonly rootsFile: string;
  /** libpq's password file. */
  readonly passwordFile: string;
}

/** The tunnel's end: libpq connects there, and checks the certificate against `host` all the same. */
const LOCAL = '127.0.0.1';

/** https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING */
const quoted = (value: string): string =>
  /^[\w./-]+$/.test(value) ? value : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function parametersOf(to: LocalDatabase): Record<string, string> {
  return {
    host: to.host,
    hostaddr: LOCAL,
    port: String(to.port),
    dbname: to.database,
    user: to.user,
    sslmode: 'verify-full',
    sslrootcert: to.rootsFile,
    passfile: to.passwordFile,
  };
}

/** As `key=value` words: for psql, pg_dump and everything else on libpq. */
export const conninfo = (to: LocalDatabase): string =>
  Object.entries(parametersOf(to))
    .map(([key, value]) => `${key}=${quoted(value)}`)
    .join(' ');

/** As a URL, for libpq too. */
export function url(to: LocalDatabase): string {
  const { host, port, dbname, user, ...rest } = parametersOf(to);
  const query = new URLSearchParams(rest).toString();
  return `postgresql://${encodeURIComponent(user ?? '')}@${host ?? ''}:${port ?? ''}/${encodeURIComponent(dbname ?? '')}?${query}`;
}

/** As the variables that every libpq program reads. */
export const variables = (to: LocalDatabase): Readonly<Record<string, string>> => ({
  PGHOST: to.host,
  PGHOSTADDR: LOCAL,
  PGPORT: String(to.port),
  PGDATABASE: to.database,
  PGUSER: to.user,
  PGSSLMODE: 'verify-full',
  PGSSLROOTCERT: to.rootsFile,
  PGPASSFILE: to.passwordFile,
});

/** A line of libpq's password file: https://www.postgresql.org/docs/current/libpq-pgpass.html */
export function passwordLine(host: string, port: number, { user, password }: Credentials): string {
  const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
  return `${escaped(host)}:${port}:*:${escaped(user)}:${escaped(password)}\n`;
}
