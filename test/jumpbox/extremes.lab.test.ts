/** Databases as they are: busy while they are dumped, with huge rows, thousands of tables, and names of every script. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../contract/exit-codes';
import type { Cluster } from '../../lab/rds/cluster';
import { setStage, type Stage } from '../support/stage';
import { readKey, readManifestAt } from './support';

let stage: Stage<Cluster>;

const ROW_MIB = 200;
const TABLES = 5_000;
/** Quotes, line breaks, what SQL and shells mean something by, and scripts from both directions and beyond 16 bits. */
const NAMES = [
  `it's "quoted"`,
  'two\nlines',
  '--\\; $$ `id` %s',
  'Größe',
  'таблица',
  '表',
  'جدول',
  'שולחן',
  'ตาราง',
  '𝒯🐘',
  ' leading and trailing ',
];

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

beforeAll(async () => {
  stage = await setStage(100);
  const named = NAMES.map(
    (name, at) => `CREATE TABLE odd.${quoted(name)} (${quoted(name)} text);
      INSERT INTO odd.${quoted(name)} SELECT 'x' FROM generate_series(1, ${at + 1});`,
  );
  stage.cluster.psql(`
    CREATE SCHEMA odd; ${named.join('\n')}
    CREATE SCHEMA many;
    CREATE TABLE huge (id int, body text);
    ALTER TABLE huge ALTER body SET STORAGE EXTERNAL;
    INSERT INTO huge VALUES (1, repeat('0123456789abcdef', ${ROW_MIB * 65_536}));
    CREATE SCHEMA bank;
    CREATE TABLE bank.account (id int PRIMARY KEY, balance bigint);
    INSERT INTO bank.account SELECT i, 1000 FROM generate_series(1, 50) i;
    CREATE TABLE bank.transfer (id serial PRIMARY KEY, amount bigint)`);
  const created = Array.from({ length: TABLES }, (_, at) => `CREATE TABLE many.t${at} (id int);`);
  stage.cluster.psql(created.join('\n'));
}, 300_000);
afterAll(() => stage.stop());

/** Moves money about, a transaction at a time, until it is told to stop. */
function busy(): { stop(): Promise<void> } {
  const { bin, masterEnvironment } = stage.cluster;
  const psql = spawn(join(bin, 'psql'), ['-XqAt', '-f', '-'], {
    env: { ...process.env, ...masterEnvironment },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  psql.stdin.on('error', () => undefined);
  const transaction = `BEGIN;
    UPDATE bank.account SET balance = balance - 7 WHERE id = (SELECT 1 + (random() * 24)::int);
    INSERT INTO bank.transfer (amount) VALUES (7);
    UPDATE bank.account SET balance = balance + 7 WHERE id = (SELECT 26 + (random() * 24)::int);
    COMMIT;\n`;
  let goesOn = true;
  const feed = (): void => {
    while (goesOn && psql.stdin.write(transaction));
    if (goesOn) psql.stdin.once('drain', feed);
  };
  feed();
  const ended = once(psql, 'exit');
  return {
    stop: async () => {
      goesOn = false;
      psql.stdin.end();
      psql.kill();
      await ended;
    },
  };
}

/** Rows of a table in a stored dump, as `COPY` writes them. */
function rowsOf(dump: Buffer, table: string): string[] {
  // A file: pg_restore reads no further than the table.
  const file = join(stage.directory, 'dump');
  writeFileSync(file, dump);
  const args = ['--data-only', `--table=${table}`, '--file=-', file];
  const script = execFileSync(join(stage.cluster.bin, 'pg_restore'), args, {
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  const [, rows = ''] = /^COPY .* FROM stdin;\n([^]*?)^\\\.$/m.exec(script) ?? [];
  return rows.trim().split('\n');
}

test('is dumped at one moment while it is written to, and proven', async () => {
  const load = busy();
  const transfers = (): number => Number(stage.cluster.psql('SELECT count(*) FROM bank.transfer'));
  while (transfers() === 0);
  const before = transfers();
  const { code, result, stderr } = await stage.box(['backup']).end;
  const after = transfers();
  await load.stop();
  expect([code, stderr.includes('DIFFERENT')]).toEqual([EXIT.ok, false]);

  const manifest = await readManifestAt(stage, String(result.prefix));
  const counted = (schema: string, table: string): number | undefined =>
    manifest.tables.find((one) => one.schema === schema && one.table === table)?.rows;
  const dumped = counted('bank', 'transfer') ?? 0;
  // It really was written to: before, and while it was dumped.
  expect(dumped).toBeGreaterThanOrEqual(before);
  expect(after).toBeGreaterThan(dumped);
  const dump = execFileSync('zstd', ['-dc'], {
    input: await readKey(stage, manifest.data.key),
    maxBuffer: 1e9,
  });
  // No transfer is there by half.
  const balances = rowsOf(dump, 'account').map((row) => Number(row.split('\t')[1]));
  expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(50 * 1000);
  expect(rowsOf(dump, 'transfer')).toHaveLength(dumped);

  NAMES.forEach((name, at) => {
    expect(counted('odd', name)).toBe(at + 1);
  });
  expect(manifest.tables.filter(({ schema }) => schema === 'many')).toHaveLength(TABLES);
  expect(manifest.data.plainBytes).toBeGreaterThan(ROW_MIB * 1024 ** 2);

  const proof = await stage.box(['prove']).end;
  expect([proof.code, proof.result.outcome, proof.result.differences]).toEqual([EXIT.ok, 'proven', []]);
}, 600_000);
