import type { Clients, LocalServer } from './clients';

/** The tunnel's end: libpq connects there, and checks the certificate against `host` all the same. */
const LOCAL = '127.0.0.1';

/** https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING */
const quoted = (value: string): string =>
  /^[\w./-]+$/.test(value) ? value : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function parametersOf(to: LocalServer, database: string): Record<string, string> {
  return {
    host: to.host,
    hostaddr: LOCAL,
    port: String(to.port),
    dbname: database,
    user: to.user,
    sslmode: 'verify-full',
    sslrootcert: to.rootsFile,
    passfile: to.loginFile,
  };
}

/** As `key=value` words: for psql, pg_dump and everything else on libpq. */
const conninfo = (to: LocalServer, database: string): string =>
  Object.entries(parametersOf(to, database))
    .map(([key, value]) => `${key}=${quoted(value)}`)
    .join(' ');

/** As a URL, for libpq too. */
function url(to: LocalServer, database: string): string {
  const { host, port, dbname, user, ...rest } = parametersOf(to, database);
  const query = new URLSearchParams(rest).toString();
  return `postgresql://${encodeURIComponent(user ?? '')}@${host ?? ''}:${port ?? ''}/${encodeURIComponent(dbname ?? '')}?${query}`;
}

/** As the variables that every libpq program reads. */
const variables = (to: LocalServer, database: string): Readonly<Record<string, string>> => ({
  PGHOST: to.host,
  PGHOSTADDR: LOCAL,
  PGPORT: String(to.port),
  PGDATABASE: database,
  PGUSER: to.user,
  PGSSLMODE: 'verify-full',
  PGSSLROOTCERT: to.rootsFile,
  PGPASSFILE: to.loginFile,
});

/** A line of libpq's password file: https://www.postgresql.org/docs/current/libpq-pgpass.html */
function passwordLine({ host, port, user }: Omit<LocalServer, 'loginFile'>, password?: string): string {
  if (password === undefined) return '';
  const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
  return `${escaped(host)}:${port}:*:${escaped(user)}:${escaped(password)}\n`;
}

/** psql, and everything else on libpq. */
export const postgresClients: Clients = {
  programs: ['psql'],
  checkName: true,
  loginName: 'passwords',
  login: passwordLine,
  connectionStrings: (server, database) => ({
    conninfo: conninfo(server, database),
    url: url(server, database),
    passwordFile: server.loginFile,
  }),
  command: (server, database) => `psql "${conninfo(server, database)}"`,
  variables,
  words: (_server, _database, words) => words,
};
