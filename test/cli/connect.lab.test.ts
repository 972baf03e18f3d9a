/** `drawbridge` as an operator uses it: a process of its own, the deployed stack, a real PostgreSQL, a real psql. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { EXIT } from '../../contract/exit-codes';
import { Cloud } from '../../lab/demo/cloud';
import { fillDatabase } from '../../lab/demo/database';
import { Stack } from '../../lab/demo/stack';
import { hostPostgres } from '../../lab/parts';
import { labProcesses } from '../../lab/processes';
import { type RunningLab, startLab } from '../../lab/start';
import { officialPlugin } from '../../lab/official-plugin';
import { startBetween } from './between';
import { BROKEN } from './broken';
import { Child, PROGRAM, run } from './child';

const ORDERS = 500;
const silent = (): void => undefined;
/** With the variables of the lab, which this process has learnt since it began. */
const execute = (file: string, args: readonly string[]) =>
  promisify(execFile)(file, [...args], { env: { ...process.env } });

interface Ready {
  readonly box: string;
  readonly expiresAt: string | null;
  readonly closesBox: boolean;
  readonly databases: readonly {
    readonly database: string;
    readonly port: number;
    readonly conninfo: string;
    readonly url: string;
    readonly passwordFile: string;
  }[];
}
interface Listed {
  readonly instanceId: string;
  readonly purpose: string;
  readonly reason: string;
  readonly requestedBy: string;
}

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly next?: string;
}

let lab: RunningLab;
let cloud: Cloud;

beforeAll(async () => {
  const [postgres] = hostPostgres();
  if (postgres === undefined) throw new Error('No PostgreSQL on this machine');
  lab = await startLab();
  Object.assign(process.env, lab.environment);
  cloud = new Cloud();
  const stack = new Stack(lab, postgres);
  await stack.bootstrap(silent);
  const outputs = await stack.deploy(silent);
  await fillDatabase(cloud, lab, postgres, outputs, ORDERS);
}, 900_000);

afterAll(async () => {
  await lab.stop();
  expect(labProcesses().filter((process) => process.lab === lab.id)).toEqual([]);
}, 900_000);

const list = async (): Promise<Listed[]> => JSON.parse((await run(['list', '--json'])).stdout) as Listed[];

async function expectEventually(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await new Promise((resolve) => setTimeout(resolve, 500));
}

/** What `doctor` finds wrong. */
async function findings(
  words: readonly string[] = [],
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<{ readonly code: number | null; readonly wrong: readonly Finding[] }> {
  const { code, stdout } = await run(['doctor', '--json', ...words], environment);
  const all = JSON.parse(stdout) as Finding[];
  return { code, wrong: all.filter(({ status }) => status === 'broken') };
}

/** Ends the server of the database, as an RDS instance that is stopped. */
async function stopDatabase(): Promise<void> {
  const rds = join(lab.directory, 'rds');
  const [file] = readdirSync(rds)
    .map((name) => join(rds, name, 'data', 'postmaster.pid'))
    .filter((path) => existsSync(path));
  const pid = Number(readFileSync(file ?? '', 'utf8').split('\n')[0]);
  process.kill(pid, 'SIGINT');
  await expectEventually(() => Promise.resolve(!existsSync(file ?? '')));
}

async function psql(conninfo: string, statement: string): Promise<string> {
  const { stdout } = await execute('psql', ['-X', '-At', '-c', statement, conninfo]);
  return stdout.trim();
}

test('a box from open to close', async () => {
  expect((await run(['list'])).stdout).toBe('No box of drawbridge runs.\n');
  const opened = await run(['open', '--minutes', '30', '--reason', 'order 4711', '--json']);
  expect(opened).toMatchObject({ code: 0, stderr: '' });
  const box = JSON.parse(opened.stdout) as { instanceId: string; expiresAt: string };
  expect(await list()).toEqual([
    expect.objectContaining({ instanceId: box.instanceId, purpose: 'access', reason: 'order 4711' }),
  ]);
  expect((await list())[0]?.requestedBy).toMatch(/^arn:aws:/);
  const extended = await run(['extend', box.instanceId, '--minutes', '90', '--json']);
  const { expiresAt } = JSON.parse(extended.stdout) as { expiresAt: string };
  expect(new Date(expiresAt).getTime()).toBeGreaterThan(new Date(box.expiresAt).getTime());
  const tooLong = await run(['extend', box.instanceId, '--minutes', '2880']);
  expect(tooLong.code).toBe(EXIT.usage);
  expect((await run(['status', '--json'])).stdout).toContain('"boxes": 1');
  expect(await run(['close', box.instanceId])).toMatchObject({
    code: 0,
    stdout: `Ended: ${box.instanceId}\n`,
  });
  expect(await cloud.stateOf(box.instanceId)).toBe('terminated');
  expect(await run(['close', 'i-0123456789abcdef0'])).toMatchObject({ code: EXIT.notFound });
}, 900_000);

test('connect opens a box, and psql checks the certificate through localhost; Ctrl-C leaves nothing behind', async () => {
  const connect = new Child(['connect', '--via', 'box', '--json']);
  const ready = await connect.firstLine<Ready>();
  expect(ready.closesBox).toBe(true);
  const [database] = ready.databases;
  const conninfo = database?.conninfo ?? '';
  expect(conninfo).toContain('sslmode=verify-full');
  expect(await psql(conninfo, 'select count(*) > 0 from shop.product')).toBe('t');
  expect(await psql(conninfo, 'select ssl from pg_stat_ssl where pid = pg_backend_pid()')).toBe('t');
  expect(await psql(database?.url ?? '', 'select current_database()')).toBe('app');
  // Fifty at once, through one session.
  const many = await Promise.all(
    Array.from({ length: 50 }, (_, index) => psql(conninfo, `select ${index} from pg_sleep(0.2)`)),
  );
  expect(many).toEqual(Array.from({ length: 50 }, (_, index) => String(index)));
  // A wrong name in place of the right one is noticed.
  const wrong = conninfo.replace(/host=\S+/, 'host=elsewhere.example');
  await expect(psql(`${wrong} password=x`, 'select 1')).rejects.toThrow(/does not match host name/);
  const file = database?.passwordFile ?? '';
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(conninfo).not.toContain('password=');

  const { code, stderr } = await connect.interrupt();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(await cloud.stateOf(ready.box)).toBe('terminated');
  expect(existsSync(dirname(file))).toBe(false);
  await expect(psql(conninfo, 'select 1')).rejects.toThrow();
}, 900_000);

test('a program on top: its variables, its exit code; a box that was open stays', async () => {
  const { instanceId } = JSON.parse((await run(['open', '--json'])).stdout) as { instanceId: string };
  const through = ['connect', '--box', instanceId];
  const good = await run([...through, '--', 'psql', '-XAtc', 'select 6 * 7']);
  expect(good).toEqual({ code: 0, stdout: '42\n', stderr: '' });
  expect((await run([...through, '--', 'psql', '-XAtc', 'select no'])).code).toBe(1);
  const missing = await run([...through, '--', 'no-such-program']);
  expect(missing.code).toBe(EXIT.wrongTools);
  expect(missing.stderr).toContain('There is no program no-such-program');
  expect(await cloud.stateOf(instanceId)).toBe('running');

  const busy = createServer();
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
  const { port } = busy.address() as { port: number };
  const refused = await run([...through, '--local-port', String(port)]);
  expect(refused.code).toBe(EXIT.unavailable);
  expect(refused.stderr).toContain(`Port ${port} on 127.0.0.1 is in use`);
  busy.close();

  // The box is ended underneath: a clear end, not a hang.
  const connect = new Child([...through, '--json']);
  await connect.firstLine<Ready>();
  await run(['close', instanceId]);
  const ended = await connect.ended;
  expect(ended.code).toBe(EXIT.unavailable);
  expect(ended.stderr).toContain(`${instanceId} is terminated`);
}, 900_000);

test('connect brings the jump host back, and uses it again', async () => {
  const first = new Child(['connect', '--json']);
  const ready = await first.firstLine<Ready>();
  expect(ready).toMatchObject({ closesBox: false, expiresAt: null });
  expect((await list()).map(({ purpose }) => purpose)).toEqual(['jump-host']);
  expect((await first.interrupt()).code).toBe(0);
  const again = await run(['connect', '--', 'psql', '-XAtc', 'select 1']);
  expect(again).toEqual({ code: 0, stdout: '1\n', stderr: '' });
  expect((await list()).map(({ instanceId }) => instanceId)).toEqual([ready.box]);
  expect(await findings()).toEqual({ code: EXIT.ok, wrong: [] });
  const plugin = officialPlugin(console.log);
  if ('program' in plugin) {
    const withPlugin = { PATH: [dirname(plugin.program), process.env.PATH].join(delimiter) };
    const select = ['connect', '--plugin', '--', 'psql', '-XAtc', 'select 6 * 7'];
    expect(await run(select, withPlugin)).toEqual({ code: 0, stdout: '42\n', stderr: '' });
  }
  // As the host itself asks, when nobody has used it for a while.
  await execute('aws', [
    ...['autoscaling', 'terminate-instance-in-auto-scaling-group', '--instance-id', ready.box],
    '--should-decrement-desired-capacity',
  ]);
  await expectEventually(async () => (await list()).length === 0);
}, 900_000);

test('a shell is a shell, also in a pipe', async () => {
  const { stdout } = await execute('sh', [
    '-c',
    `echo 'echo answer $((6 * 7)); exit' | "${process.execPath}" "${PROGRAM}" shell`,
  ]);
  expect(stdout).toContain('answer 42');
}, 900_000);

test('another region is a sentence', async () => {
  const ran = await run(['connect', '--region', 'us-west-2']);
  expect(ran.code).toBe(EXIT.notFound);
  expect(ran.stderr).toContain('There is no stack "drawbridge" in us-west-2');
});

describe('doctor', () => {
  test.each(Object.entries(BROKEN))(
    '%s',
    async (_, { words = [], environment, checks, says, next, ...wrongs }) => {
      const between = await startBetween(lab.endpoint, wrongs);
      const { code, wrong } = await findings(words, { ...between.environment, ...environment });
      await between.stop();
      expect(code).toBe(EXIT.failed);
      expect(wrong.map(({ check }) => check)).toEqual(checks);
      expect(wrong[0]?.message).toMatch(says);
      expect(wrong[0]?.next).toMatch(next);
    },
    120_000,
  );

  test('a port that is taken', async () => {
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const { port } = busy.address() as { port: number };
    const { code, wrong } = await findings(['--local-port', String(port)]);
    busy.close();
    expect(code).toBe(EXIT.failed);
    expect(wrong.map(({ check, message }) => ({ check, message }))).toEqual([
      { check: 'local port', message: `Port ${port} on 127.0.0.1 cannot be had (EADDRINUSE).` },
    ]);
  }, 900_000);

  test('an agent that does not answer', async () => {
    const boxes = join(lab.directory, 'boxes');
    const agents = (verb: string): Promise<unknown> =>
      Promise.all(
        readdirSync(boxes)
          .map((box) => join(boxes, box, 'usr/bin/systemctl'))
          .filter(existsSync)
          .map((systemctl) => execute(systemctl, [verb, 'amazon-ssm-agent'])),
      );
    await agents('stop');
    const { code, wrong } = await findings();
    await agents('start');
    expect(code).toBe(EXIT.failed);
    expect(wrong).toEqual([
      {
        check: 'agent',
        status: 'broken',
        message: expect.stringMatching(/^The agent of i-\w+(, i-\w+)* is not online/) as string,
        next: expect.stringContaining('drawbridge close') as string,
      },
    ]);
  }, 900_000);

  // Last: what is broken here stays so.
  test('a database that does not answer', async () => {
    await stopDatabase();
    const unanswered = await findings();
    expect(unanswered.code).toBe(EXIT.failed);
    expect(unanswered.wrong).toEqual([
      {
        check: 'tunnel to the database',
        status: 'broken',
        message: expect.stringMatching(/^The box cannot reach the database/) as string,
        next: expect.stringContaining('security group') as string,
      },
    ]);
  }, 900_000);
});
