import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BOX_ENVIRONMENT } from '../../contract/environment';
import { EXIT } from '../../contract/exit-codes';
import type { Cluster } from '../../lab/rds/cluster';
import type { BoxEnd } from '../support/box-run';
import { s3Error } from '../support/s3-faults';
import { setStage, type Stage } from '../support/stage';
import { alter, keysIn, readKey, readProofAt, temporaryDirectory, told } from './support';

let stage: Stage<Cluster>;
let prefix: string;

beforeAll(async () => {
  stage = await setStage(1000);
  const { code, result } = await stage.box(['backup']).end;
  expect(code).toBe(EXIT.ok);
  prefix = String(result.prefix);
});
afterAll(() => stage.stop());
afterEach(() => {
  stage.faults.clear();
  stage.clearTools();
});

const real = (program: string): string => join(stage.cluster.bin, program);
const prove = (changes: NodeJS.ProcessEnv = {}): Promise<BoxEnd> => stage.box(['prove'], changes).end;
const proofs = async (): Promise<string[]> => (await keysIn(stage)).filter((key) => key.includes('/proof-'));

/** The proof ran, found a difference, and wrote that down. */
async function notProven(run: () => Promise<BoxEnd>, difference: RegExp): Promise<void> {
  const end = await run();
  expect(JSON.stringify(end.result.differences)).toMatch(difference);
  expect(end.code).toBe(EXIT.notProven);
  const proof = await readProofAt(stage, end.result.key);
  expect(proof.outcome).toBe('failed');
  expect(JSON.stringify(proof.differences)).toMatch(difference);
  expect(readdirSync(join(stage.directory, 'scratch'))).toEqual([]);
}

/** The proof could not be carried out: it says why and writes nothing. */
async function notCarriedOut(run: () => Promise<BoxEnd>, code: number, message: RegExp): Promise<void> {
  const before = await proofs();
  const end = await run();
  expect(told(end.stderr)).toMatch(message);
  expect(end.code).toBe(code);
  expect(end.stdout).toBe('');
  expect(await proofs()).toEqual(before);
  expect(readdirSync(join(stage.directory, 'scratch'))).toEqual([]);
}

describe('an altered backup is not proven', () => {
  const flip = (at: (bytes: Buffer) => number) => (bytes: Buffer) => {
    const place = at(bytes);
    bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
  };

  it.each([
    ['the first byte', () => 0],
    ['a byte in the middle', (bytes: Buffer) => bytes.length >> 1],
    ['the last byte', (bytes: Buffer) => bytes.length - 1],
  ])('%s of the data', async (_, at) => {
    const undo = await alter(stage, `${prefix}database.pgdump.zst`, flip(at));
    await notProven(prove, /SHA-256 of the stored bytes of .*database\.pgdump\.zst/);
    await undo();
  });

  it('a byte of the roles', async () => {
    const undo = await alter(
      stage,
      `${prefix}roles.sql.zst`,
      flip((bytes) => bytes.length >> 1),
    );
    await notProven(prove, /SHA-256 of the stored bytes of .*roles\.sql\.zst/);
    await undo();
  });

  it.each(['"host"', '"rows"', '"plainSha256"', '"leftOut"', '"sealSha256"', '"formatVersion"'])(
    'a byte of the manifest, in %s',
    async (field) => {
      const undo = await alter(
        stage,
        `${prefix}manifest.json`,
        flip((bytes) => bytes.indexOf(field) + field.length + 4),
      );
      await notProven(prove, /manifest\.json/);
      await undo();
    },
  );

  it('a white space of the manifest', async () => {
    const undo = await alter(stage, `${prefix}manifest.json`, (bytes) => bytes.write('\t', 2));
    await notProven(prove, /manifest\.json.*was written by something else/);
    await undo();
  });

  it('the same bytes under another version', async () => {
    const bytes = await readKey(stage, `${prefix}database.pgdump.zst`);
    const undo = await alter(
      stage,
      `${prefix}database.pgdump.zst`,
      flip(() => 0),
    );
    await undo();
    expect((await readKey(stage, `${prefix}database.pgdump.zst`)).equals(bytes)).toBe(true);
    await notProven(prove, /version id of .*\.zst/);
  });
});

describe('a restore that is not whole is not proven', () => {
  beforeAll(async () => {
    const { result } = await stage.box(['backup']).end;
    prefix = String(result.prefix);
  });

  /** Does something in the scratch database after the restore, in silence. */
  const afterRestore = (sql: string): void => {
    stage.fakeTool(
      'pg_restore',
      `case "$*" in *--dbname=*) ;; *) exec ${real('pg_restore')} "$@" ;; esac
       ${real('pg_restore')} "$@"; code=$?
       ${real('psql')} -XqAt -d restored -v ON_ERROR_STOP=1 -c "${sql}" > /dev/null 2>&1; exit $code`,
    );
  };

  it.each([
    ['a table', 'DROP TABLE shop.log_without_key', /TABLE shop log_without_key .*missing/],
    ['a function', 'DROP FUNCTION shop.gross', /FUNCTION shop gross\(numeric, numeric\)/],
    ['an index', 'DROP INDEX shop.product_details', /INDEX shop product_details/],
    ['a policy', 'DROP POLICY own_tenant ON shop.tenant_note', /POLICY shop tenant_note own_tenant/],
    ['one row', "DELETE FROM shop.log_without_key WHERE ctid = '(0,1)'", /data of .*log_without_key/],
    [
      'one of many equal rows',
      "DELETE FROM shop.log_without_key WHERE ctid = (SELECT max(ctid) FROM shop.log_without_key WHERE message = 'same')",
      /data of .*log_without_key/,
    ],
    ['one character', "UPDATE shop.customer SET name = name || ' ' WHERE id = 7", /data of .*customer/],
    [
      'the place of a sequence',
      "SELECT setval('shop.invoice_number', 10001)",
      /value of sequence .*invoice_number/,
    ],
    [
      'a byte of a large object',
      "SELECT lo_put(content, 100, 'x') FROM shop.document WHERE id = 5",
      /large objects/,
    ],
  ])('without %s', async (_, sql, difference) => {
    afterRestore(sql);
    await notProven(prove, difference);
  });

  it('by a pg_restore that drops a table from everything that it reads', async () => {
    stage.fakeTool(
      'pg_restore',
      `case "$*" in
         *--dbname=*) ${real('pg_restore')} "$@"; code=$?; ${real('psql')} -Xq -d restored -c 'DROP TABLE shop.session'; exit $code ;;
         *--list*) ${real('pg_restore')} "$@" | grep -v session ;;
         *) ${real('pg_restore')} "$@" | sed '/^COPY shop.session /,/^\\\\\\.$/d' ;;
       esac`,
    );
    await notProven(prove, /rows of .*session.* in the archive/);
  });

  it('by a pg_restore that fails', async () => {
    stage.fakeTool(
      'pg_restore',
      `case "$*" in *--dbname=*) cat > /dev/null; exit 1 ;; *) exec ${real('pg_restore')} "$@" ;; esac`,
    );
    await notProven(prove, /missing/);
  });

  it('while the same backup, restored as it should be, is proven', async () => {
    const { code, result } = await prove();
    expect([code, result.outcome]).toEqual([EXIT.ok, 'proven']);
  });
});

describe('a proof that cannot be carried out', () => {
  const asRoot = process.getuid?.() === 0;

  (asRoot ? it : it.skip)('for want of room says so, and says nothing about the backup', async () => {
    const small = join(stage.directory, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', small]);
    try {
      const changes = { [BOX_ENVIRONMENT.scratchDirectory]: small };
      await notCarriedOut(() => prove(changes), EXIT.noRoom, /no room for this proof: .* 64\.0 MiB free/);
      expect(readdirSync(small)).toEqual([]);
    } finally {
      execFileSync('umount', [small]);
    }
  });

  (asRoot ? it : it.skip).each([
    ['while the database is made', 'initdb', 4_000_000],
    ['while it is restored', 'pg_restore', 1_000_000],
  ])('because the disk fills up %s says so', async (_, program, leftBytes) => {
    const disk = join(stage.directory, `disk-${program}`);
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=700m', 'tmpfs', disk]);
    try {
      chmodSync(disk, 0o777);
      const fill = `fallocate -l $(( $(df --output=avail -B1 ${disk} | tail -1) - ${String(leftBytes)} )) ${disk}/filler`;
      stage.fakeTool(
        program,
        `case "$*" in
           *-U*) ${real(program)} "$@" && ${fill} ;;
           *--dbname=*) ${fill}; exec ${real(program)} "$@" ;;
           *) exec ${real(program)} "$@" ;;
         esac`,
      );
      const changes = { [BOX_ENVIRONMENT.scratchDirectory]: disk };
      await notCarriedOut(() => prove(changes), EXIT.noRoom, /scratch disk is full/);
      expect(readdirSync(disk)).toEqual(['filler']);
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  it('with tools of another major version says so', async () => {
    stage.fakeTool('pg_restore', "echo 'pg_restore (PostgreSQL) 9.6.1'");
    await notCarriedOut(prove, EXIT.wrongTools, /pg_restore is "pg_restore \(PostgreSQL\) 9\.6\.1"/);
  });

  it('because S3 is down says so', async () => {
    const down = (): Promise<ReturnType<typeof s3Error>> => Promise.resolve(s3Error(503, 'SlowDown'));
    stage.faults.inject(
      (call) => call.path.includes('database.pgdump.zst'),
      Array.from({ length: 60 }, () => down),
    );
    await notCarriedOut(prove, EXIT.unavailable, /could not be read to its end: SlowDown/);
  }, 300_000);

  it('because it was told to stop cleans up', async () => {
    const temporary = temporaryDirectory(stage);
    const run = stage.box(['prove'], { TMPDIR: temporary.path });
    stage.faults.inject(
      (call) => call.path.includes('database.pgdump.zst'),
      [
        (call, forward) => {
          run.child.kill('SIGTERM');
          return forward(call);
        },
      ],
    );
    await notCarriedOut(() => run.end, EXIT.failed, /Told to stop by SIGTERM/);
    expect(temporary.left()).toEqual([]);
  });

  it('because there is no backup says so', async () => {
    const changes = { [BOX_ENVIRONMENT.databaseName]: 'other' };
    await notCarriedOut(() => prove(changes), EXIT.notFound, /There is no backup of other/);
  });
});

describe('a download that breaks off', () => {
  it('goes on where it ended', async () => {
    stage.faults.inject(
      (call) => call.method === 'GET' && call.path.includes('database.pgdump.zst'),
      [
        async (call, forward) => {
          const whole = await forward(call);
          return { ...whole, cutAfter: whole.body.length >> 1 };
        },
      ],
    );
    const { code, result } = await prove();
    expect([code, result.outcome]).toEqual([EXIT.ok, 'proven']);
    const reads = stage.faults.seen.filter(
      (line) => line.startsWith('GET') && line.includes('database.pgdump.zst'),
    );
    expect(reads).toHaveLength(2);
  });
});
