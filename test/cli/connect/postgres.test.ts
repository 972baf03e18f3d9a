import { conninfo, passwordLine, url, variables } from '../../../cli/connect/postgres';

const LOCAL = {
  host: 'db.example.eu-west-1.rds.amazonaws.com',
  port: 15432,
  database: "it's",
  user: 'eva smith',
  rootsFile: '/tmp/a/roots.pem',
  passwordFile: '/tmp/a/passwords',
};

test('libpq connects to this machine and checks the name of the server all the same', () => {
  expect(conninfo(LOCAL)).toBe(
    'host=db.example.eu-west-1.rds.amazonaws.com hostaddr=127.0.0.1 port=15432 ' +
      "dbname='it\\'s' user='eva smith' sslmode=verify-full sslrootcert=/tmp/a/roots.pem passfile=/tmp/a/passwords",
  );
  expect(variables(LOCAL)).toMatchObject({
    PGHOSTADDR: '127.0.0.1',
    PGHOST: LOCAL.host,
    PGSSLMODE: 'verify-full',
  });
});

test('a URL is escaped', () => {
  const parsed = new URL(url(LOCAL));
  expect(decodeURIComponent(parsed.username)).toBe('eva smith');
  expect(decodeURIComponent(parsed.pathname)).toBe("/it's");
  expect(parsed.searchParams.get('hostaddr')).toBe('127.0.0.1');
  expect(parsed.password).toBe('');
});

test('a password with colons and backslashes survives the password file', () => {
  expect(passwordLine('db', 15432, { user: 'eva', password: 'a:b\\c' })).toBe('db:15432:*:eva:a\\:b\\\\c\n');
});
