import type { Engine } from '../../../contract/engines';
import type { Clients, LocalServer } from './clients';

const LOCAL = '127.0.0.1';
/** Programs of both families read the login from an options file, which has to be their first word. */
const FAMILY = /^(mysql|mariadb)(-|[a-z]*$)/;

const baseName = (program: string): string => program.replace(/^.*[/\\]/, '').replace(/\.exe$/i, '');

/** https://dev.mysql.com/doc/refman/8.4/en/option-files.html: quotes keep blanks and `#`, backslashes escape. */
const quoted = (value: string): string =>
  `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;

/**
 * An options file. MySQL's programs check the authority as soon as one is named (client/sslopt-case.h of mysql-server);
 * MariaDB's must be told to, in a group that MySQL's do not read. The authority is the relay's, which signs nothing else.
 */
const optionsFile = ({ port, user, rootsFile }: Omit<LocalServer, 'loginFile'>, password?: string): string =>
  [
    '[client]',
    `host=${LOCAL}`,
    `port=${port}`,
    'protocol=TCP',
    `user=${quoted(user)}`,
    // Without a value it is asked for.
    password === undefined ? 'password' : `password=${quoted(password)}`,
    `ssl-ca=${quoted(rootsFile)}`,
    '[client-mariadb]',
    'ssl-verify-server-cert',
    '',
  ].join('\n');

/** Not `--defaults-extra-file`: `~/.my.cnf` is read after that one and would win. */
const optionsWord = ({ loginFile }: LocalServer): string => `--defaults-file=${loginFile}`;

const shellWord = (word: string): string =>
  /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** As a URL of MySQL's own programs (MySQL Shell, connectors). */
function url({ port, user, rootsFile }: LocalServer, database: string): string {
  const query = new URLSearchParams({ 'ssl-mode': 'VERIFY_IDENTITY', 'ssl-ca': rootsFile }).toString();
  return `mysql://${encodeURIComponent(user)}@${LOCAL}:${port}/${encodeURIComponent(database)}?${query}`;
}

/** Client programs of MySQL and of MariaDB; either family's speak to both servers, the server's own is preferred. */
export const mysqlClients = (engine: Engine): Clients => ({
  programs: engine === 'mysql' ? ['mysql', 'mariadb'] : ['mariadb', 'mysql'],
  checkName: false,
  loginName: 'client.cnf',
  login: optionsFile,
  connectionStrings: (server, database) => ({ url: url(server, database), optionsFile: server.loginFile }),
  command: (server, database) => `mysql ${[optionsWord(server), database].map(shellWord).join(' ')}`,
  variables: (server) => ({
    // The few that programs of both families read, for whatever is started by a script.
    MYSQL_HOST: LOCAL,
    MYSQL_TCP_PORT: String(server.port),
    // A token goes as it is, inside TLS; MySQL's library wants to be told that it may
    // (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.AWSCLI.html).
    LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN: 'Y',
    DRAWBRIDGE_OPTIONS_FILE: server.loginFile,
  }),
  words: (server, database, [program = '', ...rest]) => {
    const name = baseName(program);
    if (!FAMILY.test(name)) return [program, ...rest];
    const interactive = name === 'mysql' || name === 'mariadb';
    return [program, optionsWord(server), ...(interactive ? [`--database=${database}`] : []), ...rest];
  },
});
