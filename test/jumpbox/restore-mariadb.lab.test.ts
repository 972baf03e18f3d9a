/** Restores of MariaDB on a box: as a stream, definers included or not; what fails leaves nothing. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../contract/exit-codes';
import { restoredName } from '../../contract/restore';
import type { MariadbServer } from '../../lab/rds/mariadb';
import type { BoxEnd } from '../support/box-run';
import { altered } from '../support/s3-faults';
import { setMariadbStage, type Stage } from '../support/stage';
import { readManifestAt, told } from './support';

let stage: Stage<MariadbServer>;
let prefix: string;

const restore = (...words: string[]): Promise<BoxEnd> =>
  stage.box(['restore', '--prefix', prefix, ...words]).end;
const sql = (text: string, database = 'app'): string => stage.cluster.sql(text, 'master', database);
const databases = (): string => sql('SHOW DATABASES');
const real = (): string => execFileSync('which', ['mariadb'], { encoding: 'utf8' }).trim();
/** What a dump says of a database, but for its name and definers. */
const contents = (database: string): string => {
  const tables = sql(
    'SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = "BASE TABLE" ORDER BY 1',
    database,
  );
  return tables
    .split('\n')
    .filter((name) => !/[`"]/.test(name))
    .map((name) => `${name} ${sql(`CHECKSUM TABLE \`${name}\``, database).split('\t')[1] ?? ''}`)
    .join('\n');
};
const objects = (database: string): string =>
  sql(
    `SELECT 'view', table_name FROM information_schema.views WHERE table_schema = DATABASE()
     UNION SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()
     UNION SELECT 'trigger', trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()
     UNION SELECT 'event', event_name FROM information_schema.events WHERE event_schema = DATABASE() ORDER BY 1, 2`,
    database,
  );

async function expectNothing(run: () => Promise<BoxEnd>, code: number, message: RegExp): Promise<void> {
  const before = databases();
  const end = await run();
  expect(told(end.stderr)).toMatch(message);
  expect([end.code, end.stdout]).toEqual([code, '']);
  expect(databases()).toBe(before);
  expect(readdirSync(join(stage.directory, 'scratch'))).toEqual([]);
}

beforeAll(async () => {
  stage = await setMariadbStage(1000);
  const { code, result } = await stage.box(['backup']).end;
  expect(code).toBe(EXIT.ok);
  prefix = String(result.prefix);
});
afterAll(() => stage.stop());
afterEach(() => {
  stage.faults.clear();
  stage.clearTools();
});

describe('a restore of MariaDB', () => {
  it('goes into a new database, every row of every table and every view, routine, trigger and event', async () => {
    const manifest = await readManifestAt(stage, prefix);
    const name = restoredName('app', new Date());
    const { code, result } = await restore();
    expect(code).toBe(EXIT.ok);
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
    expect(result).toMatchObject({ database: name, replaced: null, tables: manifest.tables.length, rows });
    expect(contents(name)).toBe(contents('app'));
    expect(objects(name)).toBe(objects('app'));
    expect(objects(name)).toMatch(/trigger/);
    expect(sql('SELECT @@collation_database', name)).toBe(sql('SELECT @@collation_database'));
  });

  it('takes definers out for a master who may name none but itself, as on RDS, and says so', async () => {
    const { code, result } = await restore('--into', 'by_master');
    expect(code).toBe(EXIT.ok);
    expect(result.notes).toContainEqual(expect.stringMatching(/^definers of views/));
    const definers = sql(
      'SELECT DISTINCT definer FROM information_schema.triggers WHERE trigger_schema = DATABASE()',
      'by_master',
    );
    expect(definers).toBe(`${stage.cluster.master.username}@%`);
  });

  it('refuses a database that is not empty, also when it is named twice, and says what to do', async () => {
    await expectNothing(() => restore('--into', 'app'), EXIT.usage, /database app is not empty.*--over app/);
    await expectNothing(
      () => restore('--into', 'app', '--over', 'app'),
      EXIT.usage,
      /cannot rename a database.*empty app yourself/,
    );
  });

  it('names accounts that are missing, and makes them when told so', async () => {
    stage.cluster.sql('CREATE USER clerk', 'superuser');
    const { result } = await stage.box(['backup']).end;
    stage.cluster.sql('DROP USER clerk', 'superuser');
    // The master of RDS may read mysql.user; so may ours.
    const again = (...words: string[]) =>
      stage.box(['restore', '--prefix', String(result.prefix), ...words]).end;
    const named = await again('--into', 'named');
    expect(named.result.notes).toContainEqual(expect.stringMatching(/does not have.*'clerk'@'%'/));
    const made = await again('--into', 'made', '--roles', 'create');
    expect(made.result.notes).toContainEqual(expect.stringMatching(/accounts made, locked.*'clerk'@'%'/));
    expect(stage.cluster.sql('SHOW CREATE USER clerk', 'superuser')).toContain('ACCOUNT LOCK');
  });

  it('that fails in the middle leaves nothing of a new database', async () => {
    stage.faults.inject(
      ({ method, path }) => method === 'GET' && path.includes('database.sql.zst'),
      [altered],
    );
    await expectNothing(
      () => restore('--into', 'fresh'),
      EXIT.notProven,
      /is not what the manifest says:[^]*What had been restored was taken away again/,
    );
  });

  it('into an empty one that fails leaves it empty, with its collation', async () => {
    sql('CREATE DATABASE ready COLLATE utf8mb4_bin');
    stage.fakeTool(
      'mariadb',
      `case "$*" in *--database=ready*) ${real()} "$@" < <(head -c 20000) ; echo 'ERROR 9999 (XX000) at line 7: no such luck' >&2; exit 1;; esac
       exec ${real()} "$@"`,
    );
    await expectNothing(() => restore('--into', 'ready'), EXIT.failed, /no such luck/);
    expect(sql('SHOW TABLES', 'ready')).toBe('');
    expect(sql('SELECT @@collation_database', 'ready')).toBe('utf8mb4_bin');
    stage.clearTools();
    expect(await restore('--into', 'ready')).toMatchObject({ code: EXIT.ok });
    expect(contents('ready')).toBe(contents('app'));
  });
});
