import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { isDue } from '../../../jumpbox/prove/due';
import { PROOF } from '../../support/manifest';

const prefixOf = (day: number): string =>
  `backups/app/202611${String(day).padStart(2, '0')}T030000000Z_i-0123456789abcdef0/`;

/** What became of a day: nothing was committed, a backup, and what its proofs say, oldest first. */
type Day = 'uncommitted' | readonly string[];

/** Whether the backup of the last day is to be proven. */
async function due(days: readonly Day[], every: number): Promise<boolean> {
  const objects = new Map<string, string>();
  days.forEach((what, at) => {
    objects.set(`${prefixOf(at + 1)}database.pgdump.zst`, 'data');
    if (what === 'uncommitted') return;
    objects.set(`${prefixOf(at + 1)}manifest.json`, '{}');
    what.forEach((outcome, nth) => {
      const text = outcome === 'nonsense' ? 'no JSON' : JSON.stringify({ ...PROOF, outcome });
      objects.set(`${prefixOf(at + 1)}proof-2026112${nth}T031000000Z.json`, text);
    });
  });
  const s3 = new S3Client({ region: 'eu-west-1' });
  const fake = mockClient(s3);
  fake
    .on(ListObjectsV2Command)
    .callsFake(({ Prefix = '', Delimiter }: { Prefix?: string; Delimiter?: string }) =>
      Delimiter === '/'
        ? { CommonPrefixes: days.map((_, at) => ({ Prefix: prefixOf(at + 1) })) }
        : { Contents: [...objects.keys()].filter((Key) => Key.startsWith(Prefix)).map((Key) => ({ Key })) },
    );
  fake.on(GetObjectCommand).callsFake(({ Key = '' }: { Key?: string }) => ({
    Body: { transformToString: () => Promise.resolve(objects.get(Key)) },
  }));
  return isDue(s3, { bucket: 'b', database: 'app' }, prefixOf(days.length), every);
}

test.each([
  ['every backup', [['proven'], []], 1, true],
  ['the very first', [[]], 7, true],
  ['none of the newest three is proven', [['proven'], [], [], []], 3, true],
  ['one of the newest four is', [['proven'], [], [], []], 4, false],
  ['the one before is', [[], ['proven'], []], 2, false],
  ['with exceptions counts', [['proven-except'], []], 2, false],
  ['a failed proof counts for nothing', [['failed'], []], 2, true],
  ['the newest proof of a backup counts', [['proven', 'failed'], []], 2, true],
  ['a repeated proof that went well counts', [['failed', 'proven'], []], 2, false],
  ['what is no proof proves nothing', [['nonsense'], []], 2, true],
  ['what was not committed is no backup', [['proven'], 'uncommitted', 'uncommitted', []], 2, false],
] as const)('%s', async (_, days, every, expected) => {
  expect(await due(days, every)).toBe(expected);
});
