import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { Announcement } from '../../../jumpbox/storage/announcement';

const PREFIX = 'backups/app/20261122T030000000Z_i-0123456789abcdef0/';
const s3 = mockClient(S3Client);
let now = 0;
let lines: string[] = [];
let open: Set<string>;

const announcement = (): Announcement =>
  new Announcement(
    new S3Client({ region: 'eu-west-1' }),
    'b',
    PREFIX,
    (line) => lines.push(line),
    () => now,
  );
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  [now, lines, open] = [0, [], new Set()];
  s3.reset();
  s3.on(CreateMultipartUploadCommand).callsFake(({ Key }: { Key: string }) => {
    open.add(Key);
    return { UploadId: Key };
  });
  s3.on(AbortMultipartUploadCommand).callsFake(({ UploadId }: { UploadId: string }) => open.delete(UploadId));
});

test('one upload at a time tells of the table, and none when it is over', async () => {
  const told = announcement();
  told.say('a');
  await settled();
  expect([...open]).toEqual([`${PREFIX}now/a`]);
  now = 4_999;
  told.say('too soon');
  now = 5_000;
  told.say('b');
  told.say('while another is said');
  await settled();
  expect([...open]).toEqual([`${PREFIX}now/b`]);
  await told.end();
  now = 20_000;
  told.say('after the end');
  await settled();
  expect([...open]).toEqual([]);
});

test('the same table is announced once', async () => {
  const told = announcement();
  for (; now < 60_000; now += 5_000) {
    told.say('a');
    await settled();
  }
  expect(s3.commandCalls(CreateMultipartUploadCommand)).toHaveLength(1);
  await told.end();
});

test('an announcement that is under way when the backup ends is taken back', async () => {
  const told = announcement();
  told.say('a');
  await told.end();
  expect([...open]).toEqual([]);
});

test('a failure is said once, fails nothing, and leaves nothing open', async () => {
  const told = announcement();
  told.say('a');
  await settled();
  s3.on(CreateMultipartUploadCommand).rejects(new Error('SlowDown'));
  now = 5_000;
  told.say('b');
  await settled();
  now = 10_000;
  told.say('c');
  await told.end();
  expect(lines).toEqual(['The table could not be announced any more (SlowDown); the backup goes on.']);
  expect([...open]).toEqual([]);
});

test('nothing is asked of S3 when no table was told', async () => {
  await announcement().end();
  expect(s3.calls()).toHaveLength(0);
});
