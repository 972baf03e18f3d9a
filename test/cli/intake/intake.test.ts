import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { CHUNK_BYTES } from '../../../contract/intake';
import { EXIT } from '../../../contract/exit-codes';
import { packKey } from '../../../contract/keys';
import { drawbridge, stackAnswer } from '../support';
import { BOX, FakeBucket, hash, packName } from './fake-bucket';

const cloudFormation = mockClient(CloudFormationClient);
const s3 = mockClient(S3Client);
let bucket: FakeBucket;
let directory: string;
let out: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-fetch-'));
  out = join(directory, 'out');
  cloudFormation.reset();
  s3.reset();
  bucket = new FakeBucket();
  bucket.answer(s3 as never);
  cloudFormation.on(DescribeStacksCommand).resolves(
    stackAnswer({
      BackupBucketName: 'backups',
      IntakewebPolicyArn: 'a',
      IntakelogsPolicyArn: 'b',
    }),
  );
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const ESCAPE = '\u001b[2J\u009b31m\u202e';

describe('list', () => {
  test('shows the newest first, of every source, page by page', async () => {
    bucket.pageSize = 2;
    for (let day = 10; day < 20; day += 1)
      bucket.push('web', `2026-11-${day}T02:00:00.000Z`, { a: Buffer.from('a') });
    bucket.push('logs', '2026-11-15T12:00:00.000Z', {});
    const names = async (...words: string[]) =>
      ((await drawbridge(['intake', 'list', '--json', ...words])).json() as { startedAt: string }[]).map(
        ({ startedAt }) => startedAt.slice(5, 13),
      );
    expect(await names('--limit', '3')).toEqual(['11-19T02', '11-18T02', '11-17T02']);
    expect(await names('--limit', '3', '--before', '2026-11-17T02:00Z')).toEqual([
      '11-16T02',
      '11-15T12',
      '11-15T02',
    ]);
    expect(await names('logs')).toEqual(['11-15T12']);
    expect(await names()).toHaveLength(11);
  });

  test('shows no push that has no receipt, and moves no cursor', async () => {
    const broken = bucket.push('web', '2026-11-11T02:00:00.000Z', {});
    bucket.objects.delete(`intake/web/receipts/${broken}/receipt.json`);
    bucket.push('web', '2026-11-10T02:00:00.000Z', {}, { client: `me${ESCAPE}` });
    const { stdout } = await drawbridge(['intake', 'list']);
    expect(stdout.trim().split('\n')).toHaveLength(2);
    expect(stdout).toContain('me\\x1b[2J');
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  test('of nothing says so', async () => {
    expect((await drawbridge(['intake', 'list'])).stdout).toBe('Nothing was handed in.\n');
  });
});

describe('show', () => {
  test('says who, when, through which box, and every refusal with its reason', async () => {
    const refused = Object.fromEntries(
      Array.from({ length: 150 }, (_, at) => [`key${at}`, { refused: 'the file holds a private key (PEM)' }]),
    );
    const name = bucket.push('web', '2026-11-10T02:00:00.000Z', { a: Buffer.from('a'), ...refused });
    for (const called of [name, `web/${name}`, `intake/web/receipts/${name}/receipt.json`]) {
      const { stdout, code } = await drawbridge(['intake', 'show', called]);
      expect(code).toBe(EXIT.ok);
      for (const text of [
        'push: test',
        BOX,
        '2026-11-10T02:00:00.000Z',
        '2026-11-10T02:01:00.000Z',
        'key149: the file holds',
      ])
        expect(stdout).toContain(text);
    }
    const files = await drawbridge(['intake', 'show', name, '--files', '--json']);
    expect(files.json()).toMatchObject({ path: 'a', bytes: 1, chunks: [{ sha256: hash(Buffer.from('a')) }] });
  });

  test('of what is not there says what to do', async () => {
    const wrong = await drawbridge(['intake', 'show', 'yesterday']);
    expect([wrong.code, wrong.stderr]).toEqual([EXIT.usage, expect.stringContaining('intake list')]);
    const none = await drawbridge(['intake', 'show', '20261110T020000000Z_i-0123456789abcdef0']);
    expect(none.code).toBe(EXIT.notFound);
  });

  test('notices a list that is not what the receipt says', async () => {
    const name = bucket.push(
      'web',
      '2026-11-10T02:00:00.000Z',
      {},
      { list: { key: 'x', storedBytes: 1, storedSha256: '0'.repeat(64) } },
    );
    const ran = await drawbridge(['intake', 'show', name]);
    expect([ran.code, ran.stderr]).toEqual([
      EXIT.failed,
      expect.stringContaining('not what its receipt says'),
    ]);
  });
});

describe('fetch', () => {
  const large = Buffer.alloc(CHUNK_BYTES + 7, 'large ');
  const fetch = (...words: string[]) => drawbridge(['intake', 'fetch', 'web', ...words, '--out', out]);

  test('brings the state at an instant, byte for byte, with the files’ times', async () => {
    bucket.push('web', '2026-11-10T02:00:00.000Z', {
      'etc/a': Buffer.from('old'),
      'etc/gone': Buffer.from('x'),
    });
    bucket.push('web', '2026-11-11T02:00:00.000Z', {
      'etc/a': Buffer.from('new'),
      'var/b': large,
      empty: Buffer.alloc(0),
    });
    expect(await fetch()).toMatchObject({ code: EXIT.ok });
    expect(readFileSync(join(out, 'etc/a'), 'utf8')).toBe('new');
    expect(readFileSync(join(out, 'var/b')).equals(large)).toBe(true);
    expect(statSync(join(out, 'empty'))).toMatchObject({ size: 0, mtimeMs: 1_700_000_000_000 });
    expect(statSync(join(out, 'etc/a')).mode & 0o777).toBe(0o600);
    rmSync(out, { recursive: true });
    expect(await fetch('--at', '2026-11-10')).toMatchObject({ code: EXIT.ok });
    expect(readFileSync(join(out, 'etc/a'), 'utf8')).toBe('old');
    expect(readdirSync(out)).toEqual(['etc']);
    rmSync(out, { recursive: true });
    // Begun, but not ended by then.
    expect(await fetch('--at', '2026-11-10T02:00:30Z')).toMatchObject({ code: EXIT.notFound });
    expect(existsSync(out)).toBe(false);
  });

  test('brings a file or a folder, and says what is not there', async () => {
    bucket.push('web', '2026-11-10T02:00:00.000Z', {
      'etc/a': large,
      'etc/nginx/b': large,
      'etc/nginx2': large,
    });
    expect(await fetch('/etc/nginx/', 'etc/none')).toMatchObject({
      code: EXIT.someRefused,
      stderr: expect.stringContaining('etc/none: the receipt lists no such') as string,
    });
    expect(readdirSync(join(out, 'etc'))).toEqual(['nginx']);
    rmSync(out, { recursive: true });
    expect(await fetch('etc/none')).toMatchObject({ code: EXIT.notFound });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('overwrites nothing', async () => {
    bucket.push('web', '2026-11-10T02:00:00.000Z', { a: Buffer.from('theirs') });
    mkdirSync(out);
    writeFileSync(join(out, 'a'), 'mine');
    expect(await fetch()).toMatchObject({
      code: EXIT.usage,
      stderr: expect.stringContaining('not empty') as string,
    });
    expect(readFileSync(join(out, 'a'), 'utf8')).toBe('mine');
    expect(readdirSync(directory)).toEqual(['out']);
  });

  test('lets no name out of the directory, nor a file that is not what it says; the others come', async () => {
    const content = Buffer.from('content');
    const hostile = [
      '../up',
      '/etc/up',
      'a/../../up',
      `x${ESCAPE}`,
      'a\\x2e\\x2e',
      '',
      'ok/below-a-file',
      'n'.repeat(300),
    ];
    bucket.push('web', '2026-11-10T02:00:00.000Z', {
      ok: content,
      ...Object.fromEntries(hostile.map((path) => [path, content])),
      changed: Buffer.from('one'),
      missing: Buffer.from('two'),
    });
    const packOf = (path: string, text: string): string =>
      packKey('web', packName('web', path, Buffer.from(text)));
    const bytes = Buffer.concat([Buffer.from('what stands before'), gzipSync('oth')]);
    bucket.objects.set(packOf('changed', 'one'), { body: bytes });
    bucket.objects.delete(packOf('missing', 'two'));
    const { code, stderr } = await fetch();
    expect(code).toBe(EXIT.someRefused);
    expect(stderr).toContain('changed: what is stored is not what its SHA-256 says');
    expect(stderr.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    // `a\x2e\x2e` is a name: only a part that is nothing but dots leads anywhere.
    expect(readdirSync(out).sort()).toEqual(['a\\x2e\\x2e', 'ok']);
    expect(readdirSync(directory)).toEqual(['out']);
    expect(existsSync(join(directory, '..', 'up'))).toBe(false);
  });

  test('leaves nothing when it is interrupted, or the list is wrong at its end', async () => {
    const wrong = { list: { key: 'x', storedBytes: 1, storedSha256: '0'.repeat(64) } };
    bucket.push('web', '2026-11-10T02:00:00.000Z', { a: large, b: large }, wrong);
    expect((await fetch()).code).toBe(EXIT.failed);
    expect(readdirSync(directory)).toEqual([]);
    const interrupted = AbortSignal.abort();
    expect((await drawbridge(['intake', 'fetch', 'web', '--out', out], { interrupted })).code).toBe(
      EXIT.interrupted,
    );
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([
    [['fetch', 'web'], EXIT.usage, '--out'],
    [['fetch', 'wbe', '--out', 'x'], EXIT.notFound, 'There are: logs, web'],
    [['fetch', 'web', '--at', 'yesterday', '--out', 'x'], EXIT.usage, '2026-11-22'],
    [['fetch', 'web', '--out', 'x'], EXIT.notFound, 'had handed nothing in'],
    [['constructor'], EXIT.usage, 'list [source]'],
  ] as const)('%j is refused', async (words, code, says) => {
    const ran = await drawbridge(['intake', ...words]);
    expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(says)]);
  });
});
