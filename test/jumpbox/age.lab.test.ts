/** Backups that are encrypted on the box, read by the `age` of this machine; their proof; what nobody else can read. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { EXIT } from '../../contract/exit-codes';
import type { Cluster } from '../../lab/rds/cluster';
import { BUCKET, setMariadbStage, setStage, type Stage } from '../support/stage';
import { alter, keysIn, makeAgeKey, openUploads, readKey, readManifestAt, readProofAt } from './support';

let stage: Stage<Cluster>;
let identityFile: string;
let handingOver: string;
let to: NodeJS.ProcessEnv;
let prefix: string;

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const decrypt = (bytes: Buffer, identity: string): Buffer =>
  execFileSync('age', ['--decrypt', '--identity', identity], { input: bytes, maxBuffer: 1e9 });

const keysOfRuns = (): string[] => readdirSync(join(stage.directory, 'keys'));

/** As `drawbridge restore --identity` does it: the box makes a key, and the backup's keys are encrypted to it here. */
async function handOver(box: string, keysOfPrefix = box): Promise<string> {
  const { result } = await stage.box(['one-time-key', '--prefix', box]).end;
  const manifest = await readManifestAt(stage, keysOfPrefix);
  const work = {
    endpoint: stage.environment.AWS_ENDPOINT_URL,
    bucket: BUCKET,
    manifest,
    identityFile,
    key: result,
  };
  return execFileSync(process.execPath, [handingOver, JSON.stringify(work)], { encoding: 'utf8' });
}

beforeAll(async () => {
  stage = await setStage(3000);
  // The library of age is an ES module, which Jest does not load.
  handingOver = join(stage.directory, 'handing-over.cjs');
  await build({
    entryPoints: [join(__dirname, '../support/handing-over.ts')],
    outfile: handingOver,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
  });
  stage.cluster.psql(
    'CREATE TABLE shop.noise AS SELECT i, gen_random_bytes(1000) AS b FROM generate_series(1, 8000) i',
  );
  const [owner, other] = [makeAgeKey(stage.directory, 'owner'), makeAgeKey(stage.directory, 'other')];
  identityFile = owner.file;
  to = { DRAWBRIDGE_AGE_RECIPIENTS: `${owner.recipient},${other.recipient}` };
});
afterAll(() => stage.stop());

describe('an encrypted backup', () => {
  it('has hashes of the stored, the compressed and the plain bytes, and names who can read it', async () => {
    const { code, result, stderr } = await stage.box(['backup'], to).end;
    expect([code, stderr.includes('AGE-SECRET-KEY')]).toEqual([EXIT.ok, false]);
    prefix = String(result.prefix);
    const names = (await keysIn(stage)).map((key) => key.slice(prefix.length)).sort();
    expect(names).toEqual(['database.pgdump.zst.age', 'manifest.json', 'roles.sql.zst.age']);
    const manifest = await readManifestAt(stage, prefix);
    const recipients = to.DRAWBRIDGE_AGE_RECIPIENTS?.split(',');
    expect(manifest.encryption).toEqual({ format: 'age', recipients });
    for (const object of [manifest.data, manifest.roles]) {
      const stored = await readKey(stage, object.key);
      const compressed = decrypt(stored, identityFile);
      const plain = execFileSync('zstd', ['-dc'], { input: compressed, maxBuffer: 1e9 });
      expect(object).toMatchObject({
        storedBytes: stored.length,
        storedSha256: sha256(stored),
        compressedBytes: compressed.length,
        compressedSha256: sha256(compressed),
        plainBytes: plain.length,
        plainSha256: sha256(plain),
      });
    }
    expect(manifest.data.storedBytes).toBeGreaterThan(8_000_000);
  });

  it('is encrypted to its recipients and the run, with a key of its own for each object', async () => {
    const { data, roles } = await readManifestAt(stage, prefix);
    for (const { key } of [data, roles]) {
      const head = (await readKey(stage, key)).subarray(0, 2_000).toString('latin1');
      expect(head.match(/^-> X25519 /gm)).toHaveLength(3);
    }
    const stranger = makeAgeKey(stage.directory, 'stranger').file;
    const stored = await readKey(stage, roles.key);
    expect(() => decrypt(stored, stranger)).toThrow(/no identity matched/);
    expect(() => decrypt(stored, join(stage.directory, 'other'))).not.toThrow();
  });

  it('is proven by the box that made it, which then forgets the key', async () => {
    expect(keysOfRuns()).toHaveLength(1);
    const { code, result } = await stage.box(['prove'], to).end;
    expect([code, result.outcome]).toEqual([EXIT.ok, 'proven']);
    expect(await readProofAt(stage, String(result.key))).toMatchObject({ outcome: 'proven' });
    expect(keysOfRuns()).toEqual([]);
  });

  it('stays as it is on a box that has no key: that says nothing about it', async () => {
    const { code, stderr } = await stage.box(['prove'], to).end;
    expect(code).toBe(EXIT.cannotProve);
    expect(stderr).toContain('the key of its run is not on this box');
  });

  it('is not restored on a box without its key', async () => {
    const { code, stderr } = await stage.box(['restore', '--prefix', prefix, '--into', 'nothing']).end;
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain('is encrypted, and no box has a key to it');
  });

  it('is restored and proven with keys that its owner hands over, whose own key stays where it is', async () => {
    const keys = await handOver(prefix);
    const restored = await stage.box(['restore', '--prefix', prefix, '--into', 'handed', '--keys', keys]).end;
    expect(restored.code).toBe(EXIT.ok);
    const rows = 'SELECT count(*), sum(hashtextextended(l::text, 0)) FROM shop.line l';
    expect(stage.cluster.psql(rows, 'master', 'handed')).toBe(stage.cluster.psql(rows));
    expect(keysOfRuns()).toEqual([]);
    const again = await stage.box(['restore', '--prefix', prefix, '--into', 'twice', '--keys', keys]).end;
    expect([again.code, again.stderr]).toEqual([
      EXIT.usage,
      expect.stringContaining('this box made no one-time key for them, or it was used') as string,
    ]);
    const proof = await stage.box(['prove', '--prefix', prefix, '--keys', await handOver(prefix)]).end;
    expect([proof.code, proof.result.outcome]).toEqual([EXIT.ok, 'proven']);
  });

  it('is not opened by what was handed over for another box or another backup', async () => {
    const [keys] = [await handOver(prefix), await handOver(prefix)];
    const { code, stderr } = await stage.box(['prove', '--prefix', prefix, '--keys', keys]).end;
    expect([code, stderr]).toEqual([EXIT.usage, expect.stringContaining('no identity matched') as string]);
    const { result } = await stage.box(['backup'], to).end;
    const of = async (one: string): Promise<void> => {
      const sealed = await handOver(one, prefix);
      const restore = await stage.box(['restore', '--prefix', one, '--into', 'nothing', '--keys', sealed])
        .end;
      expect(restore.code).toBe(EXIT.notProven);
      expect(restore.stderr).toContain('its key was not handed over');
    };
    await of(String(result.prefix));
  });

  it('is not proven when a byte of it was altered', async () => {
    const { result } = await stage.box(['backup'], to).end;
    const { data } = await readManifestAt(stage, String(result.prefix));
    await alter(stage, data.key, (bytes) =>
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 100) ^ 1, bytes.length - 100),
    );
    const proof = await stage.box(['prove'], to).end;
    expect(proof.code).toBe(EXIT.notProven);
    const found = JSON.stringify(proof.result.differences);
    expect(found).toContain('SHA-256 of the stored bytes');
    expect(found).toContain('decryption');
  });

  it('is not begun for somebody who is no recipient, and leaves neither an upload nor a key', async () => {
    const before = keysOfRuns();
    const { code, stderr } = await stage.box(['backup'], { DRAWBRIDGE_AGE_RECIPIENTS: 'age1nobody' }).end;
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain('Nothing can be encrypted to age1nobody');
    expect(await openUploads(stage)).toEqual([]);
    expect(keysOfRuns()).toEqual(before);
  });

  it('that fails leaves no key', async () => {
    rmSync(join(stage.directory, 'keys'), { recursive: true });
    stage.fakeTool(
      'pg_dump',
      `[ "$1" = --version ] && exec ${join(stage.cluster.bin, 'pg_dump')} "$@"\nexit 1`,
    );
    const { code } = await stage.box(['backup'], to).end;
    stage.clearTools();
    expect(code).not.toBe(EXIT.ok);
    expect(keysOfRuns()).toEqual([]);
  });
});

test('a backup of MariaDB is encrypted and proven in the same way', async () => {
  const mariadb = await setMariadbStage(500);
  try {
    const { code, result } = await mariadb.box(['backup'], to).end;
    expect(code).toBe(EXIT.ok);
    const { data } = await readManifestAt(mariadb, String(result.prefix));
    const text = execFileSync('zstd', ['-dc'], {
      input: decrypt(await readKey(mariadb, data.key), identityFile),
      maxBuffer: 1e9,
    });
    expect(text.toString('utf8')).toContain('-- Dump completed');
    const proof = await mariadb.box(['prove'], to).end;
    expect([proof.code, proof.result.outcome]).toEqual([EXIT.ok, 'proven']);
  } finally {
    await mariadb.stop();
  }
});
