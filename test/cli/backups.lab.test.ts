/** The owner's commands against the deployed stack: its real workflow, its boxes, a real PostgreSQL. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { EXIT } from '../../contract/exit-codes';
import { Cloud } from '../../lab/demo/cloud';
import { fillDatabase } from '../../lab/demo/database';
import type { Outputs } from '../../lab/demo/outputs';
import { Stack } from '../../lab/demo/stack';
import { hostPostgres } from '../../lab/parts';
import { labProcesses } from '../../lab/processes';
import { type RunningLab, startLab } from '../../lab/start';
import { stopSchedules } from '../support/schedules';
import { run } from './child';

const ORDERS = 500;
const silent = (): void => undefined;

let lab: RunningLab;
let cloud: Cloud;
let outputs: Outputs;
let directory: string;
let identity: string;

beforeAll(async () => {
  const [postgres] = hostPostgres();
  if (postgres === undefined) throw new Error('No PostgreSQL on this machine');
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-owner-'));
  lab = await startLab();
  Object.assign(process.env, lab.environment);
  cloud = new Cloud();
  identity = join(directory, 'key.txt');
  execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
  const recipient = execFileSync('age-keygen', ['-y', identity], { encoding: 'utf8' }).trim();
  const stack = new Stack(lab, postgres, ['-c', `ageRecipients=${recipient}`]);
  await stack.bootstrap(silent);
  outputs = await stack.deploy(silent);
  await stopSchedules(() => true);
  await fillDatabase(cloud, lab, postgres, outputs, ORDERS);
  // A minute between looks passes in less than a second.
  const url = `${lab.environment.AWS_ENDPOINT_URL ?? ''}/lab/time`;
  expect((await fetch(url, { method: 'PUT', body: JSON.stringify({ factor: 100 }) })).status).toBe(204);
}, 300_000);

afterAll(async () => {
  await lab.stop();
  rmSync(directory, { recursive: true, force: true });
  expect(labProcesses().filter((process) => process.lab === lab.id)).toEqual([]);
}, 60_000);

async function json<T>(...words: string[]): Promise<T> {
  const ran = await run([...words, '--json']);
  expect(ran).toMatchObject({ code: EXIT.ok });
  return JSON.parse(ran.stdout) as T;
}

async function ask(database: string, sql: string): Promise<string> {
  const { username, password } = await cloud.credentials(outputs.DatabaseSecretArn);
  const env = {
    PATH: process.env.PATH ?? '',
    PGHOST: outputs.DatabaseEndpoint,
    PGPORT: outputs.DatabasePort,
    PGDATABASE: database,
    PGUSER: username,
    PGPASSWORD: password,
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: join(lab.directory, 'rds-ca.pem'),
  };
  return execFileSync('psql', ['-XAtc', sql], { env, encoding: 'utf8' }).trim();
}

interface Shown {
  readonly id: string;
  readonly proof: string;
  readonly class: string;
}

test('a backup from the command to a restored database; no box is left', async () => {
  const made = await json<{ databases: { status: string; proof: { outcome: string } }[] }>('backup', 'app');
  expect(made.databases).toMatchObject([
    { database: 'app', status: 'SUCCEEDED', proof: { outcome: 'proven' } },
  ]);

  const [listed] = await json<Shown[]>('backups');
  expect(listed).toMatchObject({ proof: 'proven', class: expect.stringContaining('daily') as string });
  const id = listed?.id ?? '';
  const shown = await json<{ origin: object; objects: object[] }>('backups', 'show', id);
  expect(shown.origin).toMatchObject({
    execution: expect.stringContaining(':execution:') as string,
    run: expect.stringContaining(':execution:') as string,
  });
  expect(shown.objects).toMatchObject([{ isThere: true }, { isThere: true }]);
  expect(await json('retain', '--dry-run')).toMatchObject({ decisions: [{ keep: true }] });

  // The box is handed the keys of this backup; whoever has none of its recipients' keys gets no box.
  const withoutKey = await run(['restore', id, '--into', 'second', '--yes']);
  expect(withoutKey.code).toBe(EXIT.usage);
  expect(withoutKey.stderr).toContain('is encrypted by age, and no box has a key to it');
  const byOwner = ['--identity', identity];
  expect(await json('restore', id, '--into', 'second', '--yes', ...byOwner)).toMatchObject({
    database: 'second',
    replaced: null,
  });
  const rows = 'SELECT count(*), sum(quantity) FROM shop.line';
  expect(await ask('second', rows)).toBe(await ask('app', rows));

  const refused = await run(['restore', id, '--into', 'second', '--yes', ...byOwner]);
  expect(refused.code).toBe(EXIT.usage);
  expect(refused.stderr).toContain('The database second is not empty; nothing was begun.');

  expect(await json('prove', id, ...byOwner)).toMatchObject({ outcome: 'proven' });
  await json('export', id, join(directory, 'out'), ...byOwner);
  expect(readdirSync(join(directory, 'out')).sort()).toEqual([
    'database.pgdump.zst',
    'manifest.json',
    'roles.sql.zst',
  ]);
  expect(await cloud.liveInstances()).toEqual([]);
}, 300_000);
