/** `drawbridge connect` to MariaDB: the deployed stack, a real server, real clients; and to something else beside it. */
import { DescribeSessionsCommand, SSMClient } from '@aws-sdk/client-ssm';
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { type AddressInfo, connect as connectTo, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { EXIT } from '../../contract/exit-codes';
import { Stack } from '../../lab/demo/stack';
import { hostMariadb, hostPostgres } from '../../lab/parts';
import { type RunningLab, startLab } from '../../lab/start';
import { Child, run } from './child';

const silent = (): void => undefined;
const execute = promisify(execFile);

interface Ready {
  readonly databases: readonly {
    readonly database: string;
    readonly port: number;
    readonly serverName: string;
    readonly optionsFile: string;
    readonly url: string;
  }[];
  readonly forwards: readonly { readonly host: string; readonly port: number; readonly localPort: number }[];
}

let lab: RunningLab;
let greeter: Server;
let box: string;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const listening = async (server: Server): Promise<Server> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

beforeAll(async () => {
  const [postgres] = hostPostgres();
  const mariadb = hostMariadb();
  if (postgres === undefined || mariadb === undefined) throw new Error('No database server on this machine');
  greeter = await listening(createServer((socket) => socket.on('error', silent).end('hello')));
  lab = await startLab();
  Object.assign(process.env, lab.environment);
  const stack = new Stack(lab, postgres, [
    ...['-c', 'engine=mariadb', '-c', `engineVersion=${mariadb.series}.5`, '-c', 'jumpHost=none'],
    ...['-c', `accessTargets=127.0.0.1/32:${portOf(greeter)}`],
  ]);
  await stack.bootstrap(silent);
  await stack.deployed(silent);
  box = (JSON.parse((await run(['open', '--json'])).stdout) as { instanceId: string }).instanceId;
}, 300_000);

afterAll(async () => {
  await lab.stop();
  greeter.close();
});

async function activeSessions(): Promise<number> {
  const ssm = new SSMClient();
  try {
    return (await ssm.send(new DescribeSessionsCommand({ State: 'Active' }))).Sessions?.length ?? 0;
  } finally {
    ssm.destroy();
  }
}

const sql = async (optionsFile: string, database: string, statement: string): Promise<string> =>
  (await execute('mariadb', [`--defaults-file=${optionsFile}`, '-NBe', statement, database])).stdout.trim();

test('two databases and another machine at once; Ctrl-C leaves no session and no file', async () => {
  const connect = new Child([
    'connect',
    'app',
    'mysql',
    '--target',
    `127.0.0.1:${portOf(greeter)}`,
    '--json',
  ]);
  const { databases, forwards } = await connect.firstLine<Ready>();
  expect(databases.map(({ database }) => database)).toEqual(['app', 'mysql']);
  const { optionsFile = '', port, serverName } = databases[0] ?? {};
  expect(statSync(optionsFile).mode & 0o777).toBe(0o600);
  expect(serverName).toBe('localhost');
  const question =
    "select database(), (select variable_value <> '' from information_schema.session_status where variable_name = 'Ssl_cipher')";
  expect(await sql(optionsFile, 'app', question)).toBe('app\t1');
  expect(await sql(optionsFile, 'information_schema', 'select database()')).toBe('information_schema');
  const plain = ['--no-defaults', '--skip-ssl', '-h', '127.0.0.1', '-P', String(port), '-e', 'select 1'];
  await expect(execute('mariadb', plain)).rejects.toThrow('Connections without TLS are not let through');
  const [forward] = forwards;
  expect(forward).toMatchObject({ host: '127.0.0.1', port: portOf(greeter) });
  expect(await text(connectTo(forward?.localPort ?? 0, '127.0.0.1'))).toBe('hello');
  expect(await activeSessions()).toBe(2);
  expect(await connect.interrupt()).toMatchObject({ code: 0, stderr: '' });
  expect(await activeSessions()).toBe(0);
  expect(existsSync(dirname(optionsFile))).toBe(false);
}, 120_000);

test('a program on top, the client, and a local port that is taken', async () => {
  const through = ['connect', '--box', box];
  expect(await run([...through, '--', 'mariadb', '-NBe', 'select 6 * 7'])).toEqual({
    code: 0,
    stdout: '42\n',
    stderr: '',
  });
  expect((await run([...through, '--', 'mariadb', '-e', 'select no'])).code).toBe(1);
  expect((await run([...through, '--', 'mariadb-dump', '--no-data', 'app'])).stdout).toContain(
    '-- Dump completed',
  );
  // Nothing is typed: the client starts, logs in, and ends.
  expect(await run([...through, '--client'])).toEqual({ code: 0, stdout: '', stderr: '' });
  const without = await run([...through, '--client'], { PATH: '/nowhere' });
  expect(without.code).toBe(EXIT.wrongTools);
  expect(without.stderr).toContain('There is no mariadb and no mysql on this machine.');

  const busy = await listening(createServer());
  const taken = portOf(busy);
  const refused = await run([...through, '--local-port', String(taken)]);
  busy.close();
  expect(refused.code).toBe(EXIT.unavailable);
  expect(refused.stderr).toContain(`Port ${taken} on 127.0.0.1 is in use`);
  expect(await activeSessions()).toBe(0);

  const elsewhere = await run(['connect', '--box', box, '--host', '127.0.0.1', '--port', '1', '--json']);
  expect(elsewhere.code).not.toBe(0);
  expect(await activeSessions()).toBe(0);
}, 120_000);
