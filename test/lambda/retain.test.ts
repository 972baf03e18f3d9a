import { createHash } from 'node:crypto';
import {
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { retain, type RetainResult } from '../../lambda/retain';
import { MANIFEST, PROOF } from '../support/manifest';
import { FakeClock } from './fake-clock';
import { written } from './written';

const DAY_MS = 86_400_000;
const clock = new FakeClock();
const daysAgo = (days: number): Date => new Date(clock.now().getTime() - days * DAY_MS);

interface FakeObject {
  readonly storedAt: Date;
  readonly text: string;
}

/** A bucket that keeps current objects and delete markers. */
class FakeBucket {
  readonly objects = new Map<string, FakeObject>();
  readonly gone = new Map<string, Date>();
  readonly tagged: string[] = [];

  /** A backup as a box leaves it. */
  add(day: number, outcome?: 'proven' | 'failed' | 'other manifest' | 'nonsense', database = 'app'): string {
    const prefix = `backups/${database}/2026${String(9000 - day).padStart(4, '0')}T030000000Z_i-0123456789abcdef0/`;
    const storedAt = daysAgo(day);
    const manifest = `manifest of ${prefix}`;
    this.objects.set(`${prefix}database.pgdump.zst`, { storedAt, text: 'data' });
    this.objects.set(`${prefix}manifest.json`, { storedAt, text: manifest });
    if (outcome === undefined) return prefix;
    const proof = {
      ...PROOF,
      outcome: outcome === 'failed' ? 'failed' : 'proven',
      manifestSha256: createHash('sha256')
        .update(outcome === 'other manifest' ? 'another' : manifest)
        .digest('hex'),
    };
    const text = outcome === 'nonsense' ? 'no JSON' : JSON.stringify(proof);
    this.objects.set(`${prefix}proof-1.json`, { storedAt, text });
    return prefix;
  }

  async retain(dryRun = false): Promise<RetainResult> {
    const s3 = new S3Client({ region: 'eu-west-1' });
    const fake = mockClient(s3);
    const keys = [...this.objects].map(([Key, { storedAt }]) => ({
      Key,
      IsLatest: true,
      LastModified: storedAt,
    }));
    const DeleteMarkers = [...this.gone].map(([Key, LastModified]) => ({
      Key,
      IsLatest: true,
      LastModified,
    }));
    // Two pages, since a bucket of years has many.
    const half = Math.ceil(keys.length / 2);
    fake
      .on(ListObjectVersionsCommand)
      .callsFake(({ KeyMarker }: { KeyMarker?: string }) =>
        KeyMarker === undefined
          ? { IsTruncated: true, NextKeyMarker: 'half', Versions: keys.slice(0, half) }
          : { IsTruncated: false, Versions: keys.slice(half), DeleteMarkers },
      );
    fake.on(GetObjectCommand).callsFake(({ Key }: { Key: string }) => ({
      Body: { transformToString: () => Promise.resolve(this.objects.get(Key)?.text ?? '') },
    }));
    fake.on(PutObjectTaggingCommand).callsFake(({ Key }: { Key: string }) => {
      this.tagged.push(Key);
      return {};
    });
    const result = await retain(
      {
        s3,
        bucket: 'b',
        name: 'drawbridge',
        databases: ['app'],
        clock,
        keepDaily: 2,
        keepWeekly: 0,
        keepMonthly: 0,
        keepAtLeast: 2,
        lockDays: 7,
      },
      dryRun,
    );
    expect(fake.calls().every(({ args: [{ constructor }] }) => !/Delete/.test(constructor.name))).toBe(true);
    return result;
  }
}

let lines: string[];
beforeEach(() => {
  lines = [];
  jest.spyOn(console, 'log').mockImplementation((line: string) => {
    lines.push(line);
  });
});

test('marks the manifests of what may go, and nothing else yet', async () => {
  const bucket = new FakeBucket();
  const [old, , newer, newest] = [
    bucket.add(30, 'proven'),
    bucket.add(5, undefined),
    bucket.add(2, 'proven'),
    bucket.add(1, 'proven'),
  ];
  const { decisions, marked } = await bucket.retain();
  expect(marked).toEqual([`${old}manifest.json`]);
  expect(bucket.tagged).toEqual(marked);
  expect(decisions.filter(({ keep }) => keep).map(({ prefix }) => prefix)).toEqual(
    expect.arrayContaining([newer, newest]),
  );
});

test.each(['failed', 'other manifest', 'nonsense', undefined] as const)(
  'newer backups with the proof "%s" count for nothing',
  async (outcome) => {
    const bucket = new FakeBucket();
    bucket.add(40, 'proven');
    for (let day = 30; day > 0; day -= 1) bucket.add(day, outcome);
    expect((await bucket.retain()).marked).toEqual([]);
  },
);

test('what a manifest spoke of is marked two days after it went', async () => {
  const bucket = new FakeBucket();
  const prefix = bucket.add(30, 'proven');
  bucket.objects.delete(`${prefix}manifest.json`);
  bucket.gone.set(`${prefix}manifest.json`, daysAgo(1.5));
  expect((await bucket.retain()).marked).toEqual([]);
  bucket.gone.set(`${prefix}manifest.json`, daysAgo(2.5));
  expect((await bucket.retain()).marked).toEqual([`${prefix}database.pgdump.zst`, `${prefix}proof-1.json`]);
});

test('what was never committed is marked after its lock, and not while a box may be writing it', async () => {
  const bucket = new FakeBucket();
  bucket.objects.set('backups/app/20261101T030000000Z_i-1/roles.sql.zst', { storedAt: daysAgo(9), text: '' });
  expect((await bucket.retain()).marked).toEqual([]);
  bucket.objects.set('backups/app/20261101T030000000Z_i-1/roles.sql.zst', {
    storedAt: daysAgo(10),
    text: '',
  });
  expect((await bucket.retain()).marked).toEqual(['backups/app/20261101T030000000Z_i-1/roles.sql.zst']);
});

test('each database has its own backups; one that left the settings keeps its rules', async () => {
  const bucket = new FakeBucket();
  bucket.add(30, 'proven', 'gone');
  for (const day of [3, 2, 1]) bucket.add(day, 'proven');
  expect((await bucket.retain()).marked).toEqual([]);
});

test('a dry run only tells', async () => {
  const bucket = new FakeBucket();
  for (const day of [30, 2, 1]) bucket.add(day, 'proven');
  expect((await bucket.retain(true)).marked).toHaveLength(1);
  expect(bucket.tagged).toEqual([]);
});

test('measures the hours since the last proof of each database; nothing while there is none', async () => {
  const measured = written();
  await new FakeBucket().retain();
  expect(measured()).toBeNull();
  const bucket = new FakeBucket();
  bucket.add(3, 'proven');
  bucket.add(1, 'failed');
  await bucket.retain();
  expect(measured()).toMatchObject({ Stack: 'drawbridge', Database: 'app', HoursSinceProof: 72 });
});

test('says what the newest backup of each database is, for the dashboard', async () => {
  const bucket = new FakeBucket();
  bucket.add(2, 'proven');
  const prefix = bucket.add(1);
  const newest = async (): Promise<unknown> => {
    lines = [];
    await bucket.retain();
    return lines
      .map((line) => JSON.parse(line) as { what: string })
      .find(({ what }) => what === 'newest backup');
  };
  expect(await newest()).toMatchObject({ prefix, problem: 'its manifest cannot be read' });
  const text = JSON.stringify(MANIFEST);
  bucket.objects.set(`${prefix}manifest.json`, { storedAt: daysAgo(1), text });
  expect(await newest()).toEqual({
    what: 'newest backup',
    database: 'app',
    prefix,
    proven: false,
    seconds: 10,
    storedMiB: 1,
    plainMiB: 4,
    plainMiBPerSecond: 0.4,
  });
});
