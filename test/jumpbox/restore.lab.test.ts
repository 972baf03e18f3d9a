/** Restores of PostgreSQL on a box: into a new database, an empty one, and over another; what fails leaves nothing. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { EXIT } from '../../contract/exit-codes';
import { restoredName } from '../../contract/restore';
import type { Cluster } from '../../lab/rds/cluster';
import type { BoxEnd } from '../support/box-run';
import { altered } from '../support/s3-faults';
import { BUCKET, setStage, type Stage } from '../support/stage';
import { alter, readManifestAt, told } from './support';

let stage: Stage<Cluster>;
let prefix: string;

const restore = (...words: string[]): Promise<BoxEnd> =>
  stage.box(['restore', '--prefix', prefix, ...words]).end;
const databases = (): string[] =>
  stage.cluster
    .psql('SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1', 'superuser', 'postgres')
    .split('\n');
const ask = (database: string, sql: string): string => stage.cluster.psql(sql, 'master', database);
/** Everything of a database that a digest can see: rows of every table, whatever their order. */
const DIGEST = `
  SELECT string_agg(t || ' ' || (xpath('//h/text()', query_to_xml(format(
    'SELECT count(*) || '':'' || coalesce(sum(hashtextextended(x::text, 0)), 0) AS h FROM ONLY %s x', t), true, true, '')))[1], ',' ORDER BY t)
  FROM (SELECT quote_ident(nspname) || '.' || quote_ident(relname) AS t FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind = 'r' AND nspname !~ '^(pg_|information)') s`;

/** The promise of every fault: one message, the same databases as before, no file left. */
async function expectNothing(run: () => Promise<BoxEnd>, code: number, message: RegExp): Promise<void> {
  const before = databases();
  const end = await run();
  expect(told(end.stderr)).toMatch(message);
  expect([end.code, end.stdout]).toEqual([code, '']);
  expect(databases()).toEqual(before);
  expect(readdirSync(join(stage.directory, 'scratch'))).toEqual([]);
}

beforeAll(async () => {
  stage = await setStage(1000);
  stage.cluster.psql(
    `CREATE ROLE "clerk's ""pen""" NOLOGIN; GRANT SELECT ON shop.product TO "clerk's ""pen"""; CREATE ROLE bystander`,
  );
  const { code, result } = await stage.box(['backup']).end;
  expect(code).toBe(EXIT.ok);
  prefix = String(result.prefix);
});
afterAll(() => stage.stop());
afterEach(() => {
  stage.faults.clear();
  stage.clearTools();
});

describe('a restore of PostgreSQL', () => {
  it('goes into a database named after the day, with every row, grant and setting, and leaves no file', async () => {
    const manifest = await readManifestAt(stage, prefix);
    const name = restoredName('app', new Date());
    const { code, result, stderr } = await restore('--jobs', '2');
    expect(code).toBe(EXIT.ok);
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
    expect(result).toMatchObject({
      prefix,
      database: name,
      replaced: null,
      tables: manifest.tables.length,
      rows,
      notes: [],
    });
    expect(ask(name, DIGEST)).toBe(ask('app', DIGEST));
    expect(ask(name, 'SHOW search_path')).toBe('shop, public');
    const collation =
      'SELECT datcollate, datctype, encoding FROM pg_database WHERE datname = current_database()';
    expect(ask(name, collation)).toBe(ask('app', collation));
    const grants = `SELECT relacl FROM pg_class WHERE oid = 'shop.product'::regclass`;
    expect(ask(name, grants)).toBe(ask('app', grants));
    expect(readdirSync(join(stage.directory, 'scratch'))).toEqual([]);
    for (const text of [stderr, JSON.stringify(result)])
      expect(text).not.toContain(stage.cluster.master.password);
  });

  it('refuses a database that is not empty', () =>
    expectNothing(
      () => restore('--into', 'app'),
      EXIT.usage,
      /The database app is not empty; nothing was begun\..*--over app/,
    ));

  it('refuses one that is named a second time wrongly', () =>
    expectNothing(() => restore('--into', 'app', '--over', 'other'), EXIT.usage, /app is not empty/));

  it('replaces one that is named twice, and keeps what stood there under another name', async () => {
    ask('app', 'CREATE DATABASE shop_of_today');
    ask('shop_of_today', 'CREATE TABLE precious AS SELECT 42 AS answer');
    const { code, result } = await restore('--into', 'shop_of_today', '--over', 'shop_of_today');
    expect(code).toBe(EXIT.ok);
    const kept = String(result.replaced);
    expect(kept).toMatch(/^shop_of_today_before_\d{14}$/);
    expect(ask(kept, 'SELECT answer FROM precious')).toBe('42');
    expect(ask('shop_of_today', DIGEST)).toBe(ask('app', DIGEST));
    expect(databases().filter((name) => name.includes('_new_'))).toEqual([]);
  });

  it('reads the version that the manifest names, whatever was put over it since', async () => {
    const key = `${prefix}database.pgdump.zst`;
    await stage.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: 'something else' }));
    expect(await restore('--into', 'as_it_was')).toMatchObject({ code: EXIT.ok });
  });

  it('fills one that stands there empty, and keeps its owner and settings', async () => {
    ask('app', 'CREATE DATABASE ready');
    ask('app', `ALTER DATABASE ready SET work_mem = '7MB'`);
    expect(await restore('--into', 'ready')).toMatchObject({ code: EXIT.ok });
    expect(ask('ready', DIGEST)).toBe(ask('app', DIGEST));
    expect(ask('ready', 'SHOW work_mem')).toBe('7MB');
  });
});

describe('roles that the backup speaks of and the server does not have', () => {
  beforeAll(() => {
    ask('app', `REVOKE ALL ON shop.product FROM "clerk's ""pen"""`);
    for (const database of databases().filter((name) => !['app', 'postgres', 'rdsadmin'].includes(name)))
      ask('app', `DROP DATABASE "${database}"`);
    ask('app', `DROP ROLE "clerk's ""pen"""`);
    ask('app', 'DROP ROLE bystander');
  });

  it('are named, and nothing is begun; those that have no part in this database are not asked for', () =>
    expectNothing(
      () => restore('--into', 'without'),
      EXIT.databaseRefused,
      /nothing was begun:\n- "clerk's ""pen"""\nMake them yourself, or say --roles create/,
    ));

  it('are left out with all owners and grants when told so', async () => {
    const { code, result } = await restore('--into', 'without', '--roles', 'skip');
    expect(code).toBe(EXIT.ok);
    expect(result.notes).toEqual([expect.stringContaining('belongs to whoever restored')]);
    expect(ask('without', `SELECT relacl IS NULL FROM pg_class WHERE oid = 'shop.product'::regclass`)).toBe(
      't',
    );
  });

  it('are made without login when told so', async () => {
    const { code, result } = await restore('--into', 'with', '--roles', 'create');
    expect(code).toBe(EXIT.ok);
    expect(result.notes).toEqual([expect.stringContaining(`"clerk's ""pen"""`)]);
    expect(ask('with', `SELECT rolcanlogin FROM pg_roles WHERE rolname LIKE 'clerk%'`)).toBe('f');
    expect(ask('with', `SELECT has_table_privilege('clerk''s "pen"', 'shop.product', 'SELECT')`)).toBe('t');
  });
});

describe('a restore that fails leaves nothing', () => {
  it('when the stored bytes are not those of the manifest: the server has seen none of them', async () => {
    stage.faults.inject(
      ({ method, path }) => method === 'GET' && path.includes('database.pgdump.zst'),
      [altered],
    );
    await expectNothing(
      () => restore('--into', 'fresh'),
      EXIT.notProven,
      /is not what the manifest says:\n- SHA-256 of the stored bytes/,
    );
  });

  it('when the manifest was altered', async () => {
    const back = await alter(stage, `${prefix}manifest.json`, (bytes) => {
      bytes[bytes.indexOf('"rows": ') + 8] = 0x39;
    });
    await expectNothing(() => restore('--into', 'fresh'), EXIT.failed, /does not fit its own seal/);
    await back();
  });

  it('when pg_restore fails in the middle: its errors are named', async () => {
    stage.fakeTool(
      'pg_restore',
      `case "$*" in *--jobs*) echo 'pg_restore: error: could not execute query: ERROR:  no such luck' >&2; exit 1;; esac
       exec ${join(stage.cluster.bin, 'pg_restore')} "$@"`,
    );
    await expectNothing(
      () => restore('--into', 'fresh'),
      EXIT.failed,
      /pg_restore ended with exit code 1\.\n- ERROR: {2}no such luck\nWhat had been restored was taken away again\./,
    );
  });

  it('when pg_restore claims success and rows are missing', async () => {
    stage.fakeTool(
      'pg_restore',
      `case "$*" in *--jobs*) set -- "$@" --schema-only;; esac
       exec ${join(stage.cluster.bin, 'pg_restore')} "$@"`,
    );
    await expectNothing(
      () => restore('--into', 'fresh'),
      EXIT.notProven,
      /rows are not those of the manifest:\n- [^]*- "shop"\."product": 500 rows in the backup, 0 rows restored/,
    );
  });

  it('when the empty database that it fills refuses in the middle: that one is empty again', async () => {
    ask('app', 'CREATE DATABASE halfway');
    stage.fakeTool(
      'pg_restore',
      `case "$*" in *--single-transaction*) for file; do :; done; set -- "$@"
         exec ${join(stage.cluster.bin, 'pg_restore')} "\${@:1:$#-1}" /dev/null;; esac
       exec ${join(stage.cluster.bin, 'pg_restore')} "$@"`,
    );
    await expectNothing(() => restore('--into', 'halfway'), EXIT.failed, /could not be restored/);
    expect(ask('halfway', `SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'`)).toBe('0');
  });

  it('when it is told to stop in the middle', async () => {
    stage.fakeTool(
      'pg_restore',
      `case "$*" in *--jobs*) exec sleep 300;; esac
       exec ${join(stage.cluster.bin, 'pg_restore')} "$@"`,
    );
    await expectNothing(
      async () => {
        const run = stage.box(['restore', '--prefix', prefix, '--into', 'fresh']);
        let seen = '';
        run.child.stderr?.on('data', (text: string) => {
          seen += text;
          if (!run.child.killed && seen.includes('restoring into fresh with')) run.child.kill('SIGTERM');
        });
        return run.end;
      },
      EXIT.failed,
      /Told to stop by SIGTERM/,
    );
  });

  it('when there is no such backup', () =>
    expectNothing(
      () => stage.box(['restore', '--prefix', 'backups/app/20200101T000000000Z_i-0a/']).end,
      EXIT.notFound,
      /There is no backup at/,
    ));
});
