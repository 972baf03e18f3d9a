import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BOX_ENVIRONMENT } from '../../contract/environment';
import { EXIT } from '../../contract/exit-codes';
import type { MariadbServer } from '../../lab/rds/mariadb';
import type { BoxEnd } from '../support/box-run';
import { INSTANCE, setMariadbStage, type Stage } from '../support/stage';
import {
  alter,
  expectFailure,
  keysIn,
  readKey,
  readManifestAt,
  readProofAt,
  temporaryDirectory,
  told,
} from './support';

const ORDERS = 2000;
let stage: Stage<MariadbServer>;
let prefix: string;

beforeAll(async () => {
  stage = await setMariadbStage(ORDERS);
});
afterAll(() => stage.stop());
afterEach(() => {
  stage.faults.clear();
  stage.clearTools();
});

const real = (program: string): string => execFileSync('which', [program], { encoding: 'utf8' }).trim();
const backup = (changes: NodeJS.ProcessEnv = {}): Promise<BoxEnd> => stage.box(['backup'], changes).end;
const prove = (changes: NodeJS.ProcessEnv = {}): Promise<BoxEnd> => stage.box(['prove'], changes).end;
const failed = (run: () => Promise<BoxEnd>, code: number, message: RegExp): Promise<BoxEnd> =>
  expectFailure(stage, run, code, message);
const sql = (text: string): string => stage.cluster.sql(text);
const scratch = (): string[] => readdirSync(join(stage.directory, 'scratch'));

/** A dump program that is the real one when asked for its version, and this script otherwise. */
const fakeDump = (script: string): void => {
  stage.fakeTool(
    'mariadb-dump',
    `if [ "$1" = --version ]; then exec ${real('mariadb-dump')} --version; fi\n${script}`,
  );
};

describe('a backup of MariaDB', () => {
  it('is committed, with the password in no argument, output or file', async () => {
    const temporary = temporaryDirectory(stage);
    const spied = join(stage.directory, 'spied');
    fakeDump(
      `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' > ${spied}; cat ${temporary.path}/*/* >> ${spied}
       exec ${real('mariadb-dump')} "$@"`,
    );
    const { code, stdout, stderr, result } = await backup({ TMPDIR: temporary.path });
    expect(stderr).toContain('committed');
    expect(code).toBe(EXIT.ok);
    prefix = String(result.prefix);
    const seen = readFileSync(spied, 'utf8');
    expect(seen).toContain('--single-transaction');
    expect(seen).toContain('BEGIN CERTIFICATE');
    for (const text of [seen, stdout, stderr]) expect(text).not.toContain(stage.cluster.master.password);
    expect(temporary.left()).toEqual([]);
    const names = (await keysIn(stage)).map((key) => key.slice(prefix.length)).sort();
    expect(names).toEqual(['accounts.sql.zst', 'database.sql.zst', 'manifest.json']);
  });

  it('has a manifest with the rows of every table, and what it leaves out', async () => {
    const manifest = await readManifestAt(stage, prefix);
    expect(manifest).toMatchObject({
      engine: 'mariadb',
      database: 'app',
      box: INSTANCE,
      collation: 'utf8mb4_unicode_ci',
    });
    const counted = Object.fromEntries(manifest.tables.map(({ table, rows }) => [table, rows]));
    for (const [table, rows] of Object.entries(counted)) {
      const name = `\`${table.replaceAll('`', '``')}\``;
      expect([table, rows]).toEqual([table, Number(sql(`SELECT count(*) FROM ${name}`))]);
    }
    expect(counted).toMatchObject({
      order: ORDERS,
      customer: ORDERS / 5 + 1,
      empty_table: 0,
      partly_hidden: 40,
    });
    expect(Object.keys(counted)).toHaveLength(9);
    expect(manifest.leftOut).toContain('passwords of accounts');
    expect(manifest.serverVersion).toContain('MariaDB');
  });

  it('takes no statement that RDS refuses, and has no tablespace, position or drop in it', async () => {
    const text = execFileSync('zstd', ['-dc'], { input: await readKey(stage, `${prefix}database.sql.zst`) });
    expect(text.toString('utf8')).not.toMatch(
      /^(DROP TABLE|CHANGE MASTER|SET @@GLOBAL|CREATE LOGFILE|USE )/m,
    );
    expect(() => sql('FLUSH TABLES WITH READ LOCK')).toThrow(/Access denied/);
  });

  it('holds the accounts, locked and without passwords', async () => {
    const text = execFileSync('zstd', ['-dc'], {
      input: await readKey(stage, `${prefix}accounts.sql.zst`),
      encoding: 'utf8',
    });
    expect(text).toContain("CREATE USER IF NOT EXISTS 'drawbridge'@'%' ACCOUNT LOCK;");
    expect(text).toMatch(/GRANT SELECT.* ON \*\.\* TO `drawbridge`@`%` REQUIRE SSL WITH GRANT OPTION;/);
    expect(text).not.toMatch(/IDENTIFIED|\*[0-9A-F]{40}|rdsadmin|root/);
  });

  it('is proven: tables, rows, routines, triggers, events, views and accounts', async () => {
    const temporary = temporaryDirectory(stage);
    const { code, result, stderr } = await prove({ TMPDIR: temporary.path });
    expect([code, stderr]).toEqual([EXIT.ok, stderr]);
    expect(result).toMatchObject({ outcome: 'proven', exceptions: [], differences: [], prefix });
    const proof = await readProofAt(stage, result.key);
    const manifest = await readManifestAt(stage, prefix);
    expect(proof.tablesCompared).toBe(manifest.tables.length);
    expect(proof.rowsCompared).toBe(manifest.tables.reduce((sum, table) => sum + table.rows, 0));
    expect([temporary.left(), scratch()]).toEqual([[], []]);
  });

  it('is proven without the directory for temporary files that a server shares with others', async () => {
    stage.fakeTool('mariadb-install-db', `TMPDIR=/not-there exec ${real('mariadb-install-db')} "$@"`);
    const { code, stderr } = await prove();
    expect([code, stderr]).toEqual([EXIT.ok, stderr]);
  });
});

describe('a dump of MariaDB', () => {
  it('that is killed after its header is no backup', async () => {
    fakeDump(`${real('mariadb-dump')} "$@" | head -c 300; kill -KILL $$`);
    await failed(backup, EXIT.failed, /mariadb-dump was killed by SIGKILL/);
  });

  it('that fails after writing everything is no backup', async () => {
    fakeDump(`${real('mariadb-dump')} "$@"; echo 'mariadb-dump: disturbed' >&2; exit 3`);
    await failed(backup, EXIT.failed, /mariadb-dump ended with exit code 3: mariadb-dump: disturbed/);
  });

  it.each([
    ['writes nothing', 'true'],
    ['lacks its closing line', `${real('mariadb-dump')} "$@" | head -n -1`],
    ['breaks off between two tables', `${real('mariadb-dump')} "$@" | head -n 60`],
  ])('that %s and exits with 0 is no backup', async (_, script) => {
    fakeDump(`${script}; exit 0`);
    await failed(backup, EXIT.failed, /its closing line is missing/);
  });

  it('that loses rows in the middle of a table is no backup', async () => {
    fakeDump(`${real('mariadb-dump')} "$@" | sed '/^INSERT INTO .line. VALUES$/,/;$/{/;$/d}'; exit 0`);
    await failed(backup, EXIT.failed, /form that is not known|ends within/);
  });

  it('is not begun with a client of another series', async () => {
    stage.fakeTool('mariadb-dump', `echo 'mariadb-dump  Ver 10.19 Distrib 10.5.29-MariaDB, for Linux'`);
    await failed(
      backup,
      EXIT.wrongTools,
      /install the programs of MariaDB \d+\.\d+, which is the server's series/,
    );
    expect(stage.faults.seen).toEqual([]);
  });
});

describe('a database of MariaDB', () => {
  it('that goes away in the middle leaves no backup', async () => {
    const [begun, goOn] = ['begun', 'go-on'].map((name) => join(stage.directory, name));
    fakeDump(
      `${real('mariadb-dump')} "$@" --net-buffer-length=4096 | { head -c 4096; touch ${String(begun)}
       while [ ! -e ${String(goOn)} ]; do sleep 0.05; done; cat; }; exit \${PIPESTATUS[0]}`,
    );
    sql('CREATE TABLE aaa AS SELECT seq, REPEAT(MD5(seq), 300) AS t FROM seq_1_to_3000');
    await failed(
      async () => {
        const run = stage.box(['backup']);
        while (!existsSync(String(begun))) await sleep(50);
        const threads = stage.cluster.sql(
          `SELECT CONCAT('KILL CONNECTION ', id, ';') FROM information_schema.processlist WHERE user = 'drawbridge'`,
          'superuser',
        );
        stage.cluster.sql(threads, 'superuser');
        writeFileSync(String(goOn), '');
        return run.end;
      },
      EXIT.unavailable,
      /Lost connection to .*server during query|server has gone away|unexpected eof/,
    );
    sql('DROP TABLE aaa');
  });

  it('refuses a wrong password with one sentence, before anything is begun', async () => {
    await stage.setPassword('wrong');
    await failed(backup, EXIT.databaseRefused, /Access denied for user 'drawbridge'.*Nothing was begun/);
    await stage.setPassword(stage.cluster.master.password);
    expect(stage.faults.seen).toEqual([]);
  });

  it('is not trusted without its authority', async () => {
    await failed(
      () => backup({ [BOX_ENVIRONMENT.databaseCa]: '' }),
      EXIT.databaseRefused,
      /TLS\/SSL error.*certificate/,
    );
    expect(stage.faults.seen).toEqual([]);
  });

  it('is said to be another engine than the settings say', async () => {
    await failed(
      () => backup({ [BOX_ENVIRONMENT.engine]: 'mysql' }),
      EXIT.usage,
      /not what the setting "engine" says/,
    );
  });

  it('with what no snapshot covers, or no privilege shows, is not begun, and all of it is named', async () => {
    sql('CREATE TABLE old_style (id int) ENGINE=MyISAM; CREATE TABLE crashed (id int) ENGINE=Aria');
    sql(`CREATE USER reader@'%' IDENTIFIED BY 'r' REQUIRE SSL; GRANT SELECT ON app.* TO reader@'%'`);
    await stage.setLogin({ username: 'reader', password: 'r' });
    const { stderr } = await failed(backup, EXIT.databaseRefused, /can be dumped by reader/);
    await stage.setLogin(stage.cluster.master);
    for (const privilege of ['SHOW VIEW', 'TRIGGER', 'EVENT'])
      expect(told(stderr)).toContain(`GRANT ${privilege} ON \`app\`.* TO reader;`);
    expect(told(stderr)).toContain('- table old_style (MyISAM): ALTER TABLE `old_style` ENGINE=InnoDB;');
    expect(told(stderr)).toContain('- table crashed (Aria)');
    expect(told(stderr)).toContain('- routines of others: let this role see the text of routines');
    sql('DROP TABLE old_style, crashed; DROP USER reader');
  });
});

describe('a backup of MariaDB is not proven', () => {
  const notProven = async (difference: RegExp): Promise<void> => {
    const end = await prove();
    expect(JSON.stringify(end.result.differences)).toMatch(difference);
    expect(end.code).toBe(EXIT.notProven);
    expect(scratch()).toEqual([]);
  };

  /** Does something in the scratch database after the restore, in silence. */
  const afterRestore = (statement: string): void => {
    stage.fakeTool(
      'mariadb',
      `case "$*" in *--version|*--batch*) exec ${real('mariadb')} "$@" ;; esac
       ${real('mariadb')} "$@"; code=$?; ${real('mariadb')} "$@" -e "${statement}" < /dev/null > /dev/null; exit $code`,
    );
  };

  it('when a byte of it was altered', async () => {
    const key = `${prefix}database.sql.zst`;
    const undo = await alter(stage, key, (bytes) => bytes.writeUInt8(bytes.readUInt8(99) ^ 1, 99));
    await notProven(/SHA-256 of the stored bytes of .*database\.sql\.zst/);
    await undo();
    const { result } = await backup();
    prefix = String(result.prefix);
  });

  it('when a table, a row, a character, a routine, a trigger, an event, a view or a sequence differs', async () => {
    const faults = [
      ['DROP TABLE empty_table', /CREATE TABLE `empty_table`/, /data of \\"app\\".\\"empty_table/],
      ["DELETE FROM log_without_key WHERE message = 'same' LIMIT 1", /data of [^}]*log_without_key/],
      ["UPDATE customer SET name = CONCAT(name, ' ') WHERE id = 7", /data of [^}]*customer/],
      ['UPDATE partly_hidden SET secret = 0 WHERE id = 7', /data of [^}]*partly_hidden/],
      ['DROP PROCEDURE IF EXISTS forget', /PROCEDURE `forget`/],
      ['DROP TRIGGER IF EXISTS order_touch', /TRIGGER order_touch/i],
      ['DROP EVENT IF EXISTS tidy', /EVENT `tidy`/],
      ['CREATE OR REPLACE VIEW a_best AS SELECT 1', /VIEW `a_best`/],
      ['DO SETVAL(invoice_number, 99999)', /SETVAL\(`invoice_number`/],
    ] as const;
    afterRestore(faults.map(([statement]) => statement).join('; '));
    const end = await prove();
    const differences = JSON.stringify(end.result.differences);
    for (const [, ...found] of faults)
      for (const difference of found) expect(differences).toMatch(difference);
    expect(differences).not.toMatch(/data of [^}]*\\"(product|line|order)/);
    expect(end.code).toBe(EXIT.notProven);
  });

  it('when a table that a view reads is lost, so that what was restored cannot be dumped', async () => {
    afterRestore('DROP TABLE line');
    await notProven(/dump of what was restored.*references invalid table/);
  });

  it('while the same backup, restored as it should be, is proven', async () => {
    const { code, result } = await prove();
    expect([code, result.outcome, result.prefix]).toEqual([EXIT.ok, 'proven', prefix]);
  });
});

describe('a proof of MariaDB that cannot be carried out', () => {
  const asRoot = process.getuid?.() === 0;

  (asRoot ? it : it.skip)(
    'because the disk fills up says so, and says nothing about the backup',
    async () => {
      const disk = join(stage.directory, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=700m', 'tmpfs', disk]);
      try {
        chmodSync(disk, 0o777);
        const fill = `fallocate -l $(( $(df --output=avail -B1 ${disk} | tail -1) - 200000 )) ${disk}/filler`;
        stage.fakeTool('mariadb', `case "$*" in *--force*) ${fill} ;; esac; exec ${real('mariadb')} "$@"`);
        const end = await prove({ [BOX_ENVIRONMENT.scratchDirectory]: disk });
        expect(told(end.stderr)).toMatch(/scratch disk is full/);
        expect([end.code, end.stdout]).toEqual([EXIT.noRoom, '']);
        expect(readdirSync(disk)).toEqual(['filler']);
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );

  it('with tools of another series says so', async () => {
    stage.fakeTool('mariadb', `echo 'mariadb  Ver 15.1 Distrib 5.5.68-MariaDB'`);
    const end = await prove();
    expect([end.code, told(end.stderr)]).toEqual([
      EXIT.wrongTools,
      expect.stringMatching(/mariadb is "mariadb/),
    ]);
  });
});
