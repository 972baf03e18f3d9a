import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BOX_ENVIRONMENT } from '../../contract/environment';
import { EXIT } from '../../contract/exit-codes';
import type { Cluster } from '../../lab/rds/cluster';
import { freePort } from '../../lab/free-port';
import type { BoxEnd } from '../support/box-run';
import { isComplete, isPutOf, s3Error } from '../support/s3-faults';
import { setStage, type Stage } from '../support/stage';
import {
  backupsIn,
  expectFailure,
  keysIn,
  openUploads,
  sweepUploads,
  temporaryDirectory,
  told,
} from './support';

let stage: Stage<Cluster>;

beforeAll(async () => {
  stage = await setStage(3000);
  stage.cluster.psql(
    'CREATE TABLE shop.noise AS SELECT i, gen_random_bytes(1000) AS b FROM generate_series(1, 14000) i',
  );
});
afterAll(() => stage.stop());
afterEach(() => {
  stage.faults.clear();
  stage.clearTools();
});

const real = (program: string): string => join(stage.cluster.bin, program);

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 50) {
    if (waited > 60_000) throw new Error(`${what} did not happen within a minute`);
    await sleep(50);
  }
}

const failed = (run: () => Promise<BoxEnd>, code: number, message: RegExp): Promise<BoxEnd> =>
  expectFailure(stage, run, code, message);

const backup = (changes: NodeJS.ProcessEnv = {}): Promise<BoxEnd> => stage.box(['backup'], changes).end;

/** Makes the dump pause after its first bytes until a file appears. */
function pausingDump(): { readonly begun: string; readonly goOn: string } {
  const [begun, goOn] = [
    join(stage.directory, `begun-${String(Date.now())}`),
    join(stage.directory, `go-${String(Date.now())}`),
  ];
  stage.fakeTool(
    'pg_dump',
    `if [ "$1" = --version ]; then exec ${real('pg_dump')} --version; fi
     ${real('pg_dump')} "$@" | { head -c 65536; touch ${begun}; while [ ! -e ${goOn} ]; do sleep 0.05; done; cat; }
     exit \${PIPESTATUS[0]}`,
  );
  return { begun, goOn };
}

describe('the dump', () => {
  it('killed after its header is no backup', async () => {
    stage.fakeTool(
      'pg_dump',
      `if [ "$1" = --version ]; then exec ${real('pg_dump')} --version; fi
       ${real('pg_dump')} "$@" | head -c 300; kill -KILL $$`,
    );
    await failed(backup, EXIT.failed, /pg_dump was killed by SIGKILL/);
  });

  it('that exits with an error after writing everything is no backup', async () => {
    stage.fakeTool(
      'pg_dump',
      `${real('pg_dump')} "$@"; [ "$1" = --version ] || { echo 'pg_dump: error: disturbed' >&2; exit 3; }`,
    );
    await failed(backup, EXIT.failed, /pg_dump ended with exit code 3: pg_dump: error: disturbed/);
  });

  it('that writes nothing and exits with 0 is no backup', async () => {
    stage.fakeTool('pg_dump', `[ "$1" = --version ] && exec ${real('pg_dump')} --version; exit 0`);
    await failed(backup, EXIT.failed, /its output is no archive/);
  });

  it('whose roles lack their closing line is no backup', async () => {
    stage.fakeTool(
      'pg_dumpall',
      `if [ "$1" = --version ]; then exec ${real('pg_dumpall')} --version; fi
      ${real('pg_dumpall')} "$@" | head -n 12; exit 0`,
    );
    await failed(backup, EXIT.failed, /its closing line is missing/);
  });

  it('whose compressor dies is no backup', async () => {
    stage.fakeTool(
      'zstd',
      `[ "$1" = --version ] && exec /usr/bin/env -i PATH=/usr/bin zstd --version; head -c 1000 > /dev/null; kill -TERM $$`,
    );
    await failed(backup, EXIT.failed, /zstd was killed by SIGTERM/);
  });

  it('is not begun with a client that is older than the server', async () => {
    stage.fakeTool('pg_dump', `echo 'pg_dump (PostgreSQL) ${String(stage.cluster.major - 1)}.4'`);
    await failed(
      backup,
      EXIT.wrongTools,
      new RegExp(`install the client programs of major version ${String(stage.cluster.major)}`),
    );
    expect(stage.faults.seen).toEqual([]);
  });
});

describe('the database', () => {
  it('that goes away in the middle leaves no backup', async () => {
    const { begun, goOn } = pausingDump();
    await failed(
      async () => {
        const run = stage.box(['backup']);
        await until('the dump', () => existsSync(begun));
        stage.cluster.psql(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'drawbridge'",
          'superuser',
          'postgres',
        );
        writeFileSync(goOn, '');
        return run.end;
      },
      EXIT.unavailable,
      /went away|terminating connection|server closed the connection/,
    );
  });

  it('refuses a wrong password with one sentence, before anything is begun', async () => {
    await stage.setPassword('wrong');
    const end = await failed(
      backup,
      EXIT.databaseRefused,
      /did not let drawbridge in: password authentication failed/,
    );
    await stage.setPassword(stage.cluster.master.password);
    expect(
      told(end.stderr)
        .split('\n')
        .filter((line) => line.includes('password')),
    ).toHaveLength(1);
    expect(stage.faults.seen).toEqual([]);
  });

  it('is not trusted without its authority', async () => {
    await failed(() => backup({ [BOX_ENVIRONMENT.databaseCa]: '' }), EXIT.databaseRefused, /certificate/);
    expect(stage.faults.seen).toEqual([]);
  });

  it('is not trusted under another name', async () => {
    const changes = { [BOX_ENVIRONMENT.databaseHost]: 'localhost.localdomain' };
    const resolves = readFileSync('/etc/hosts', 'utf8').includes('localhost.localdomain');
    if (resolves) await failed(() => backup(changes), EXIT.databaseRefused, /does not match|altnames/);
    else await failed(() => backup(changes), EXIT.unavailable, /ENOTFOUND|EAI_AGAIN/);
  });

  it('that cannot be reached is said to be unavailable', async () => {
    const port = String(await freePort());
    await failed(() => backup({ [BOX_ENVIRONMENT.databasePort]: port }), EXIT.unavailable, /ECONNREFUSED/);
  });

  it('with a table that somebody is changing is not begun after a minute, and nobody waits behind it any longer', async () => {
    const holder = spawn(real('psql'), ['-XqAt'], {
      env: { ...process.env, ...stage.cluster.masterEnvironment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    holder.stdin.write('BEGIN; LOCK TABLE shop.noise IN ACCESS EXCLUSIVE MODE; SELECT 1;\n');
    await once(holder.stdout, 'data');
    await failed(backup, EXIT.unavailable, /The table shop\.noise is being changed by somebody/);
    const waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    expect(stage.cluster.psql(waiting, 'superuser')).toBe('0');
    holder.stdin.end('ROLLBACK;\n');
    await once(holder, 'close');
  });

  it('with what the role cannot read is not begun, and all of it is named with its cure', async () => {
    stage.cluster.psql(
      `CREATE ROLE stranger; CREATE SCHEMA hidden AUTHORIZATION stranger; GRANT ALL ON SCHEMA shop TO stranger;
       SET ROLE stranger;
       CREATE TABLE hidden.t (id int); GRANT SELECT ON hidden.t TO PUBLIC;
       CREATE TABLE shop."their Table" (id int);
       CREATE SEQUENCE shop.their_sequence;
       CREATE TABLE shop.guarded (id int, tenant text); ALTER TABLE shop.guarded ENABLE ROW LEVEL SECURITY;
       GRANT SELECT ON shop.guarded TO PUBLIC;
       SELECT lo_create(424242);`,
      'superuser',
    );
    const end = await failed(backup, EXIT.databaseRefused, /may not read everything/);
    const words = told(end.stderr);
    expect(words).toContain(
      '- row security shop.guarded: dump as the owner of shop.guarded or as a role with BYPASSRLS',
    );
    expect(words).toContain('- table shop."their Table": GRANT SELECT ON shop."their Table" TO drawbridge;');
    expect(words).toContain(
      '- sequence shop.their_sequence: GRANT SELECT ON SEQUENCE shop.their_sequence TO drawbridge;',
    );
    expect(words).toContain('- schema hidden: GRANT USAGE ON SCHEMA hidden TO drawbridge;');
    expect(words).toContain('- large object 424242: GRANT SELECT ON LARGE OBJECT 424242 TO drawbridge;');
    expect(words.match(/^- /gm)).toHaveLength(5);
    expect(stage.faults.seen).toEqual([]);
    stage.cluster.psql('SELECT lo_unlink(424242); DROP OWNED BY stranger; DROP ROLE stranger;', 'superuser');
  });
});

describe('the box', () => {
  it('killed between the last part and the manifest leaves uploads that the sweep finds, and no backup', async () => {
    const before = await backupsIn(stage);
    const run = stage.box(['backup']);
    stage.faults.inject(isComplete, [
      async () => {
        run.child.kill('SIGKILL');
        await run.end;
        return s3Error(500, 'InternalError');
      },
    ]);
    expect((await run.end).signal).toBe('SIGKILL');
    expect(await backupsIn(stage)).toEqual(before);
    expect(await openUploads(stage)).toHaveLength(2);
    await sweepUploads(stage, 'i-0fedcba9876543210');
    expect(await openUploads(stage)).toHaveLength(2);
    await sweepUploads(stage);
    expect(await openUploads(stage)).toEqual([]);
  });

  it('killed between the objects and the manifest leaves objects that nobody lists', async () => {
    const before = await backupsIn(stage);
    const run = stage.box(['backup']);
    stage.faults.inject(isPutOf('/manifest.json'), [
      async () => {
        run.child.kill('SIGKILL');
        await run.end;
        return s3Error(500, 'InternalError');
      },
    ]);
    await run.end;
    expect(await backupsIn(stage)).toEqual(before);
    expect(await openUploads(stage)).toEqual([]);
    const orphans = (await keysIn(stage)).filter((key) => !before.some((prefix) => key.startsWith(prefix)));
    expect(orphans.length).toBeGreaterThanOrEqual(2);
  });

  it('told to stop aborts its uploads and removes its files', async () => {
    const { begun } = pausingDump();
    const temporary = temporaryDirectory(stage);
    await failed(
      async () => {
        const run = stage.box(['backup'], { TMPDIR: temporary.path });
        await until('the dump', () => existsSync(begun));
        run.child.kill('SIGTERM');
        return run.end;
      },
      EXIT.failed,
      /Told to stop by SIGTERM/,
    );
    expect(temporary.left()).toEqual([]);
  });
});

describe('after all that', () => {
  it('what is listed can be restored', async () => {
    const made = await backup();
    expect(made.code).toBe(EXIT.ok);
    const { code, result } = await stage.box(['prove']).end;
    expect([code, result.outcome, result.prefix]).toEqual([EXIT.ok, 'proven', made.result.prefix]);
  });

  it('a server that stops for good in the middle is said to be unavailable', async () => {
    const { begun, goOn } = pausingDump();
    await failed(
      async () => {
        const run = stage.box(['backup']);
        await until('the dump', () => existsSync(begun));
        await stage.cluster.stop('immediate');
        writeFileSync(goOn, '');
        return run.end;
      },
      EXIT.unavailable,
      /went away|terminating connection|server closed the connection/,
    );
  });
});
