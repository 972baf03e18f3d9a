import { postgresClients } from '../../../../cli/connect/clients/postgres';

const SERVER = {
  host: 'db.example.eu-west-1.rds.amazonaws.com',
  port: 15432,
  user: 'eva smith',
  rootsFile: '/tmp/a/roots.pem',
  loginFile: '/tmp/a/passwords',
};
const DATABASE = "it's";
const strings = postgresClients.connectionStrings(SERVER, DATABASE);

test('libpq connects to this machine and checks the name of the server all the same', () => {
  expect(strings.conninfo).toBe(
    'host=db.example.eu-west-1.rds.amazonaws.com hostaddr=127.0.0.1 port=15432 ' +
      "dbname='it\\'s' user='eva smith' sslmode=verify-full sslrootcert=/tmp/a/roots.pem passfile=/tmp/a/passwords",
  );
  expect(postgresClients.command(SERVER, DATABASE)).toBe(`psql "${strings.conninfo ?? ''}"`);
  expect(postgresClients.variables(SERVER, DATABASE)).toMatchObject({
    PGHOSTADDR: '127.0.0.1',
    PGHOST: SERVER.host,
    PGSSLMODE: 'verify-full',
    PGDATABASE: DATABASE,
  });
});

test('a URL is escaped', () => {
  const parsed = new URL(strings.url ?? '');
  expect(decodeURIComponent(parsed.username)).toBe('eva smith');
  expect(decodeURIComponent(parsed.pathname)).toBe("/it's");
  expect(parsed.searchParams.get('hostaddr')).toBe('127.0.0.1');
});

test('the password file holds what libpq looks for, escaped; nothing where the client is to ask', () => {
  expect(postgresClients.login({ ...SERVER, user: 'a:b' }, 'x\\y:z')).toBe(
    'db.example.eu-west-1.rds.amazonaws.com:15432:*:a\\:b:x\\\\y\\:z\n',
  );
  expect(postgresClients.login(SERVER, undefined)).toBe('');
});
