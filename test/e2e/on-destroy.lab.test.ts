/** What the stack leaves and what it takes along, deployed, changed and destroyed by the CDK's own command line. */
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { DescribeDBInstancesCommand, DescribeDBSnapshotsCommand, RDSClient } from '@aws-sdk/client-rds';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Outputs } from '../../lab/demo/outputs';
import { Stack } from '../../lab/demo/stack';
import { hostPostgres } from '../../lab/parts';
import { type RunningLab, startLab } from '../../lab/start';

const silent = (): void => undefined;
const KEY = 'backups/app/20261122T030000000Z_i-0123456789abcdef0/manifest.json';

let lab: RunningLab;
let s3: S3Client;
let kms: KMSClient;
let rds: RDSClient;

function stack(settings: Readonly<Record<string, string>>): Stack {
  const [postgres] = hostPostgres();
  if (postgres === undefined) throw new Error('No PostgreSQL on this machine');
  const all = { jumpHost: 'none', flowLogs: 'false', schedule: 'none', ...settings };
  const words = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return new Stack(lab, postgres, words);
}

/** A locked version, another of the same key, a delete marker on top, and an upload that nobody completed. */
async function fill(Bucket: string): Promise<void> {
  const RetainUntil = new Date(Date.now() + 86_400_000);
  const lock = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: RetainUntil } as const;
  for (const Body of ['one', 'two']) await s3.send(new PutObjectCommand({ Bucket, Key: KEY, Body, ...lock }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: KEY }));
  await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: `${KEY}.part` }));
}

async function versions(Bucket: string): Promise<string[]> {
  const page = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ VersionId = '' }) => VersionId);
}

async function buckets(): Promise<string[]> {
  const { Buckets = [] } = await s3.send(new ListBucketsCommand());
  return Buckets.map(({ Name = '' }) => Name);
}

async function keyOf(Bucket: string): Promise<string> {
  const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
  const [rule] = ServerSideEncryptionConfiguration?.Rules ?? [];
  return rule?.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID ?? '';
}

const stateOf = async (KeyId: string): Promise<string | undefined> =>
  (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState;

async function snapshots(): Promise<{ id: string; stack: string | undefined }[]> {
  const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }));
  return DBSnapshots.map(({ DBSnapshotArn: id = '', TagList = [] }) => ({
    id,
    stack: TagList.find((tag) => tag.Key === 'drawbridge:stack')?.Value,
  }));
}

/** What the AWS CLI answers. */
async function aws(...words: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(join(lab.directory, 'bin', 'aws'), words, {
    env: { ...process.env, ...lab.environment, AWS_DEFAULT_OUTPUT: 'json' },
  });
  return JSON.parse(stdout) as unknown;
}

/** ARNs, by the command that the README gives. */
async function foundByTag(): Promise<string[]> {
  const query = 'ResourceTagMappingList[].ResourceARN';
  const filters = ['--tag-filters', 'Key=drawbridge:stack'];
  return (await aws('resourcegroupstaggingapi', 'get-resources', ...filters, '--query', query)) as string[];
}

const REGISTRY = ['--registry-name', 'lambda-testevent-schemas'];

/** Names of the functions that have test events in the console. */
async function withTestEvents(): Promise<string[]> {
  return (await aws('schemas', 'list-schemas', ...REGISTRY, '--query', 'Schemas[].SchemaName')) as string[];
}

/** Bucket of the records of CloudTrail. */
const recordsOf = (outputs: Outputs & { readonly RecordsBucketName?: string }): string =>
  outputs.RecordsBucketName ?? '';

/** Trails, and whose objects each records. */
async function trails(): Promise<string[]> {
  const names = (await aws('cloudtrail', 'describe-trails', '--query', 'trailList[].Name')) as string[];
  const field = 'FieldSelectors[?Field==`resources.ARN`].StartsWith[]';
  const query = `AdvancedEventSelectors[].${field}[]`;
  const watched = names.map((name) =>
    aws('cloudtrail', 'get-event-selectors', '--trail-name', name, '--query', query),
  );
  return (await Promise.all(watched)).flat() as string[];
}

beforeAll(async () => {
  lab = await startLab();
  Object.assign(process.env, lab.environment);
  [s3, kms, rds] = [new S3Client({ forcePathStyle: true }), new KMSClient(), new RDSClient()];
  await stack({}).bootstrap(silent);
}, 300_000);

afterAll(async () => {
  for (const client of [s3, kms, rds]) client.destroy();
  await lab.stop();
}, 60_000);

describe('a stack that was to delete and changed its mind', () => {
  let before: Outputs;
  let key: string;
  let records: string;

  test('keeps every version when the setting goes back to keep, and is the same stack', async () => {
    before = await stack({ onDestroy: 'delete' }).deploy(silent);
    key = await keyOf(before.BackupBucketName);
    await fill(before.BackupBucketName);
    expect(await versions(before.BackupBucketName)).toHaveLength(3);
    const more = { cloudTrailDataEvents: 'true', consoleTestEvents: 'new-registry' };
    const changed = { onDestroy: 'keep', ttlMinutes: '30', storageGiB: '40', ...more };
    const after = await stack(changed).deploy(silent);
    records = recordsOf(after);
    expect(after).toEqual({ ...before, RecordsBucketName: records });
    expect(await withTestEvents()).toHaveLength(3);
    expect(await stack(changed).deploy(silent)).toEqual(after);
    expect(await versions(before.BackupBucketName)).toHaveLength(3);
  }, 400_000);

  test('leaves bucket, policy, key and a final snapshot, which are found by their tag', async () => {
    await stack({}).destroy(silent);
    const bucket = before.BackupBucketName;
    expect(await versions(bucket)).toHaveLength(3);
    const { Policy = '' } = await s3.send(new GetBucketPolicyCommand({ Bucket: bucket }));
    expect(Policy).toContain('OnlyNewKeys');
    expect(Policy).not.toContain('LocksBypassedByTheEmptierOnly');
    expect(await buckets()).toContain(records);
    expect(await trails()).toEqual([]);
    // The registry is everybody's and stays; our events in it do not.
    expect(await withTestEvents()).toEqual([]);
    expect(await stateOf(key)).toBe('Enabled');
    const [snapshot, ...others] = await snapshots();
    expect(others).toEqual([]);
    expect(snapshot?.stack).toMatch(/:stack\/drawbridge\//);
    const found = await foundByTag();
    expect(found).toEqual(expect.arrayContaining([`arn:aws:s3:::${bucket}`, snapshot?.id]));
    expect(found.some((arn) => key.endsWith(arn) || arn.endsWith(key))).toBe(true);
  }, 300_000);
});

test('a stack that deletes leaves nothing, with locked versions, markers and open uploads in its bucket', async () => {
  const kept = { buckets: await buckets(), snapshots: await snapshots() };
  const recorded = { cloudTrailDataEvents: 'true', consoleTestEvents: 'existing-registry' };
  const gone = stack({ name: 'gone', onDestroy: 'delete', ...recorded });
  const outputs = await gone.deploy(silent);
  const key = await keyOf(outputs.BackupBucketName);
  await fill(outputs.BackupBucketName);
  expect(await trails()).toEqual([`arn:aws:s3:::${outputs.BackupBucketName}/`]);
  await s3.send(new PutObjectCommand({ Bucket: recordsOf(outputs), Key: 'AWSLogs/record', Body: '{}' }));
  expect((await withTestEvents()).sort()).toEqual([
    `_${outputs.CreateFunctionName}-schema`,
    `_${outputs.DestroyFunctionName}-schema`,
    expect.stringMatching(/^_gone-LifecycleSweep\w+-\w+-schema$/),
  ]);
  await gone.destroy(silent);
  expect(await trails()).toEqual([]);
  expect(await withTestEvents()).toEqual([]);
  expect(await buckets()).toEqual(kept.buckets);
  expect(await snapshots()).toEqual(kept.snapshots);
  expect(await stateOf(key)).toBe('PendingDeletion');
  expect((await rds.send(new DescribeDBInstancesCommand({}))).DBInstances).toEqual([]);
}, 500_000);
