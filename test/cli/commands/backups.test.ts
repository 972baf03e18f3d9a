import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../../contract/exit-codes';
import { drawbridge } from '../support';
import { BOX, type FakeBucket } from './bucket';
import { answer, CHILD, invoked, RUN, setStack, sfn, trail } from './owner';

let bucket: FakeBucket;
let directory: string;
beforeEach(() => {
  bucket = setStack();
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-export-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('backups', () => {
  test('lists what has a manifest, the newest first, over many pages, with proof and class', async () => {
    const old = bucket.add('2026-11-20T03:00:00.000Z');
    const newer = bucket.add('2026-11-21T03:00:00.000Z');
    const newest = bucket.add('2026-11-22T03:00:00.000Z', { database: 'orders' });
    bucket.prove(old, 'proven');
    bucket.prove(newer, 'failed');
    bucket.prove(newest, 'proven', '0'.repeat(64));
    bucket.objects.set('backups/app/20261122T050000000Z_i-0a/database.pgdump.zst', Buffer.from('half'));
    answer({
      retain: {
        decisions: [
          { prefix: `backups/${old}/`, keep: true, reasons: ['daily', 'minimum'] },
          { prefix: `backups/${newer}/`, keep: false, reasons: [] },
        ],
        marked: [],
      },
    });
    const ran = await drawbridge(['backups', '--json']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.json()).toMatchObject([
      { id: newest, database: 'orders', proof: 'unproven', class: 'unknown', keep: null },
      { id: newer, proof: 'failed', class: 'may expire', keep: false },
      { id: old, proof: 'proven', class: 'daily, minimum', keep: true, tables: 1 },
    ]);
    expect(invoked()).toEqual([['retain', { dryRun: true }]]);
    const text = await drawbridge(['backups', '--limit', '1', '--database', 'app']);
    expect(text.stdout).toMatch(
      /^BACKUP +AGE +SIZE +PROOF +KEPT AS\napp\/20261121T\S+ .* failed +may expire\n/,
    );
    expect(text.stdout).toContain('1 older ones: --limit 2 shows them.');
  });

  test('says of an altered manifest that it is one', async () => {
    const id = bucket.add('2026-11-20T03:00:00.000Z');
    bucket.prove(id, 'proven');
    const key = `backups/${id}/manifest.json`;
    bucket.objects.set(
      key,
      Buffer.from(String(bucket.objects.get(key)).replace('"rows": 1000', '"rows": 1001')),
    );
    expect((await drawbridge(['backups', '--json'])).json()).toMatchObject([{ proof: 'altered' }]);
  });

  test('show tells who started it, which box, execution and objects, and its proofs', async () => {
    const id = bucket.add('2026-11-22T03:00:00.000Z');
    bucket.prove(id, 'proven');
    sfn.on(DescribeExecutionCommand, { executionArn: CHILD }).resolves({
      input: JSON.stringify({ database: 'app', AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: RUN }),
    });
    sfn
      .on(DescribeExecutionCommand, { executionArn: RUN })
      .resolves({ startDate: new Date('2026-11-22T03:00:00Z') });
    const event = (executionArn: string, arn: string) => ({
      CloudTrailEvent: JSON.stringify({ userIdentity: { arn }, responseElements: { executionArn } }),
    });
    trail.on(LookupEventsCommand).resolves({ Events: [event('other', 'arn:tom'), event(RUN, 'arn:eva')] });
    const ran = await drawbridge(['backups', 'show', id, '--json']);
    expect(ran.json()).toMatchObject({
      id,
      origin: { execution: CHILD, run: RUN, startedBy: 'arn:eva', writtenAs: null },
      objects: [
        { versionId: 'v1', isThere: true, lockedUntil: '2026-12-01T00:00:00.000Z' },
        { versionId: 'v1', isThere: true },
      ],
      outcome: 'proven',
      proofs: [{ outcome: 'proven', box: BOX }],
    });
    bucket.objects.delete(`backups/${id}/roles.sql.zst`);
    const lost = await drawbridge(['backups', 'show', `backups/${id}/`]);
    expect(lost.code).toBe(EXIT.notProven);
    expect(lost.stdout).toContain('roles.sql.zst IS NOT THERE');
    expect(lost.stdout).toContain('started by  arn:eva');
  });

  test.each([
    [['backups', 'show'], EXIT.usage, /Which backup/],
    [['backups', 'hide', 'x'], EXIT.usage, /"hide" says nothing/],
    [['backups', 'show', 'yesterday'], EXIT.usage, /"yesterday" is no id of a backup/],
    [['backups', 'show', 'app/20200101T000000000Z_i-0a'], EXIT.notFound, /There is no backup app\/2020/],
    [['retain'], EXIT.usage, /decides by itself/],
  ])('%j is refused', async (words, code, message) => {
    const ran = await drawbridge(words);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toMatch(message);
  });
});

describe('export', () => {
  test('brings every object, verified, and says how to restore it by hand', async () => {
    const id = bucket.add('2026-11-22T03:00:00.000Z');
    const into = join(directory, 'here');
    const ran = await drawbridge(['export', id, into]);
    expect(ran.code).toBe(0);
    expect(readdirSync(into).sort()).toEqual(['database.pgdump.zst', 'manifest.json', 'roles.sql.zst']);
    expect(readFileSync(join(into, 'database.pgdump.zst'), 'utf8')).toBe('dump of 2026-11-22T03:00:00.000Z');
    expect(ran.stdout).toContain('zstd -dc database.pgdump.zst | pg_restore --dbname "$server/restored"');
  });

  test('unpacks archives by hand with 7-Zip', async () => {
    const id = bucket.add('2026-11-22T03:00:00.000Z', { format: '7z' });
    const ran = await drawbridge(['export', id, join(directory, 'here')]);
    expect(ran.stdout).toMatch(/7za x -so database\.\S+ \| pg_restore --dbname "\$server\/restored"/);
    expect(ran.stdout).not.toContain('zstd -dc');
  });

  test('keeps nothing when one byte is not what was stored', async () => {
    const id = bucket.add('2026-11-22T03:00:00.000Z');
    bucket.objects.set(`backups/${id}/database.pgdump.zst`, Buffer.from('something else'));
    const into = join(directory, 'here');
    const ran = await drawbridge(['export', id, into]);
    expect(ran.code).toBe(EXIT.notProven);
    expect(ran.stderr).toMatch(/is not what the manifest says: its SHA-256 is/);
    expect(existsSync(into)).toBe(false);
  });

  test('touches no directory that holds something', async () => {
    const id = bucket.add('2026-11-22T03:00:00.000Z');
    writeFileSync(join(directory, 'mine'), 'x');
    const ran = await drawbridge(['export', id, directory]);
    expect(ran.code).toBe(EXIT.usage);
    expect(readdirSync(directory)).toEqual(['mine']);
  });
});

test('retain --dry-run tells what stays, why, and what goes when', async () => {
  answer({
    retain: {
      decisions: [
        { prefix: 'backups/app/b/', keep: true, reasons: ['daily', 'locked'] },
        { prefix: 'backups/app/a/', keep: false, reasons: [] },
      ],
      marked: ['backups/app/a/manifest.json'],
    },
  });
  const { stdout } = await drawbridge(['retain', '--dry-run']);
  expect(stdout).toMatch(/app\/b +stays +daily \(until .*\); locked \(until its lock ends\)/);
  expect(stdout).toMatch(/app\/a +goes +its manifest within a day or two/);
});
