import { mysqlClients } from '../../../../cli/connect/clients/mysql';

const SERVER = {
  host: 'db.example.eu-west-1.rds.amazonaws.com',
  port: 13306,
  user: 'eva',
  rootsFile: '/tmp/a b/roots.pem',
  loginFile: '/tmp/a b/client.cnf',
};
const clients = mysqlClients('mariadb');

test('the options file leads to this machine and trusts one authority', () => {
  expect(clients.login(SERVER, 'x "y" \\ #z\n')).toBe(
    [
      '[client]',
      'host=127.0.0.1',
      'port=13306',
      'protocol=TCP',
      'user="eva"',
      'password="x \\"y\\" \\\\ #z\\n"',
      'ssl-ca="/tmp/a b/roots.pem"',
      '[client-mariadb]',
      'ssl-verify-server-cert',
      '',
    ].join('\n'),
  );
  expect(clients.login(SERVER, undefined)).toContain('\npassword\n');
});

test('what is printed holds no password, and a shell reads it as it is meant', () => {
  expect(clients.command(SERVER, 'app')).toBe("mysql '--defaults-file=/tmp/a b/client.cnf' app");
  const { url = '', optionsFile } = clients.connectionStrings(SERVER, 'a/b');
  expect(new URL(url).pathname).toBe('/a%2Fb');
  expect(new URL(url).searchParams.get('ssl-mode')).toBe('VERIFY_IDENTITY');
  expect(optionsFile).toBe(SERVER.loginFile);
});

test.each([
  [
    ['mariadb', '-e', 'select 1'],
    ['mariadb', '--defaults-file=/tmp/a b/client.cnf', '--database=app', '-e', 'select 1'],
  ],
  [['/usr/bin/mysql.exe'], ['/usr/bin/mysql.exe', '--defaults-file=/tmp/a b/client.cnf', '--database=app']],
  [
    ['mariadb-dump', 'app'],
    ['mariadb-dump', '--defaults-file=/tmp/a b/client.cnf', 'app'],
  ],
  [['mysqldump'], ['mysqldump', '--defaults-file=/tmp/a b/client.cnf']],
  [
    ['sh', '-c', 'mysql'],
    ['sh', '-c', 'mysql'],
  ],
  [['mysql2csv'], ['mysql2csv']],
])('a program on top, %j, is told by its words', (typed, started) => {
  expect(clients.words(SERVER, 'app', typed)).toEqual(started);
});

test("the server's own client comes first", () => {
  expect(clients.programs).toEqual(['mariadb', 'mysql']);
  expect(mysqlClients('mysql').programs).toEqual(['mysql', 'mariadb']);
});
