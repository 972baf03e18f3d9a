import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  type DeleteObjectsCommandInput,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { emptyBucket } from '../../lambda/bucket';
import { empty } from '../../lambda/empty';
import { FakeClock } from './fake-clock';
import { awsError, STACK } from './fake-ec2';
import { quiet } from './opening';

const BUCKET = 'backups';
const LOCKED = { Code: 'AccessDenied', Message: 'Access Denied because object protected by object lock.' };
const SLOW = { Code: 'SlowDown', Message: 'Please reduce your request rate.' };

/** A bucket with versions, delete markers and open uploads. */
class FakeBucket {
  readonly client = new S3Client({ region: 'eu-central-1' });
  readonly mock = mockClient(this.client);
  readonly versions = new Map<string, { readonly Key: string; readonly isMarker: boolean }>();
  readonly uploads = new Set<string>();
  pageSize = 1000;
  deletions = 0;
  /** What deleting a version meets, inside an answer that is a success as a whole. */
  onDelete: (version: string) => { Code: string; Message: string } | undefined = () => undefined;

  constructor(versions: number) {
    for (let at = 0; at < versions; at += 1)
      this.versions.set(String(at).padStart(6, '0'), { Key: `backups/${at % 7}`, isMarker: at % 5 === 0 });
    this.mock
      .on(ListObjectVersionsCommand)
      .callsFake((input: ListObjectVersionsCommandInput) => this.list(input));
    this.mock.on(DeleteObjectsCommand).callsFake((input: DeleteObjectsCommandInput) => this.remove(input));
    this.mock.on(ListMultipartUploadsCommand).callsFake(() => ({
      Uploads: [...this.uploads].map((UploadId) => ({ Key: 'backups/x', UploadId })),
    }));
    this.mock.on(AbortMultipartUploadCommand).callsFake(({ UploadId = '' }: { UploadId?: string }) => {
      if (!this.uploads.delete(UploadId)) throw awsError('NoSuchUpload');
      return {};
    });
  }

  private list({ VersionIdMarker = '' }: ListObjectVersionsCommandInput) {
    const all = [...this.versions].filter(([id]) => id > VersionIdMarker);
    const page = all.slice(0, this.pageSize);
    const named = (marker: boolean) =>
      page
        .filter(([, { isMarker }]) => isMarker === marker)
        .map(([VersionId, { Key }]) => ({ Key, VersionId }));
    return {
      Versions: named(false),
      DeleteMarkers: named(true),
      IsTruncated: all.length > page.length,
      NextKeyMarker: page.at(-1)?.[1].Key,
      NextVersionIdMarker: page.at(-1)?.[0],
    };
  }

  private remove({ Delete, BypassGovernanceRetention, Bucket }: DeleteObjectsCommandInput) {
    this.deletions += 1;
    const objects = Delete?.Objects ?? [];
    if (Bucket !== BUCKET || objects.length === 0 || objects.length > 1000) throw new Error('MalformedXML');
    const Errors = objects.flatMap(({ Key, VersionId = '' }) => {
      const error = BypassGovernanceRetention === true ? this.onDelete(VersionId) : LOCKED;
      if (error !== undefined) return [{ Key, VersionId, ...error }];
      this.versions.delete(VersionId);
      return [];
    });
    return { Errors };
  }
}

const clock = new FakeClock();
const later = (): Date => new Date(clock.now().getTime() + 600_000);

beforeEach(quiet);

test('pages over versions, delete markers and uploads, with the bypass, until nothing is left', async () => {
  const bucket = new FakeBucket(2_345);
  bucket.uploads.add('one').add('two');
  expect(await emptyBucket(bucket.client, BUCKET, clock, later())).toEqual({ versions: 2_345, uploads: 2 });
  expect([bucket.versions.size, bucket.uploads.size, bucket.deletions]).toEqual([0, 0, 3]);
});

test('an empty bucket, and one that is gone, need nothing', async () => {
  const bucket = new FakeBucket(0);
  expect(await emptyBucket(bucket.client, BUCKET, clock, later())).toEqual({ versions: 0, uploads: 0 });
  expect(bucket.deletions).toBe(0);
  bucket.mock.on(ListMultipartUploadsCommand).rejects(awsError('NoSuchBucket'));
  expect(await emptyBucket(bucket.client, BUCKET, clock, later())).toEqual({ versions: 0, uploads: 0 });
});

test('what is throttled inside an answer is tried again, alone, after a pause', async () => {
  const bucket = new FakeBucket(10);
  let times = 0;
  bucket.onDelete = (version) => (version === '000003' && (times += 1) <= 2 ? SLOW : undefined);
  expect(await emptyBucket(bucket.client, BUCKET, clock, later())).toEqual({ versions: 10, uploads: 0 });
  expect(bucket.deletions).toBe(3);
});

test('throttling that does not end fails and says so', async () => {
  const bucket = new FakeBucket(10);
  bucket.onDelete = (version) => (version === '000003' ? SLOW : undefined);
  await expect(emptyBucket(bucket.client, BUCKET, clock, later())).rejects.toThrow(
    /^1 of what lies in backups could not be deleted: backups\/3 \(version 000003\): SlowDown Please reduce/,
  );
  expect(bucket.versions.size).toBe(1);
});

test('what cannot be deleted fails at once, named as far as a message is read', async () => {
  const bucket = new FakeBucket(10);
  bucket.onDelete = (version) => (version > '000004' ? LOCKED : undefined);
  await expect(emptyBucket(bucket.client, BUCKET, clock, later())).rejects.toThrow(
    /^5 of .* AccessDenied .*; and 2 more\. What is under a legal hold or a compliance lock .* delete the stack again/,
  );
  expect(bucket.deletions).toBe(1);
});

test('an upload that cannot be aborted fails; one that is gone does not', async () => {
  const bucket = new FakeBucket(0);
  bucket.uploads.add('one');
  bucket.mock.on(AbortMultipartUploadCommand).rejectsOnce(awsError('NoSuchUpload'));
  await emptyBucket(bucket.client, BUCKET, clock, later());
  bucket.mock.on(AbortMultipartUploadCommand).rejects(awsError('AccessDenied'));
  await expect(emptyBucket(bucket.client, BUCKET, clock, later())).rejects.toThrow(
    /upload of backups\/x: AccessDenied/,
  );
});

test('a bucket too large for one run keeps what is done and says to go on', async () => {
  const bucket = new FakeBucket(3_000);
  bucket.onDelete = () => {
    clock.advance(1);
    return undefined;
  };
  const until = new Date(clock.now().getTime() + 1_500);
  await expect(emptyBucket(bucket.client, BUCKET, clock, until)).rejects.toThrow(
    'backups holds more than one run can delete: 2000 versions and 0 uploads are gone. Delete the stack again',
  );
  expect(await emptyBucket(bucket.client, BUCKET, clock, later())).toEqual({ versions: 1_000, uploads: 0 });
});

describe('the custom resource', () => {
  const answers: { Status: string; Reason: string }[] = [];
  beforeEach(() => {
    answers.length = 0;
    jest.spyOn(globalThis, 'fetch').mockImplementation((_url, init) => {
      answers.push(JSON.parse(init?.body as string) as { Status: string; Reason: string });
      return Promise.resolve(new Response());
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function run(
    type: 'Create' | 'Update' | 'Delete',
    status: string,
    bucket: FakeBucket,
  ): Promise<void> {
    const cloudFormation = new CloudFormationClient({ region: 'eu-central-1' });
    const Stacks = [
      { StackName: 'x', CreationTime: new Date(), StackStatus: status as 'DELETE_IN_PROGRESS' },
    ];
    mockClient(cloudFormation).on(DescribeStacksCommand, { StackName: STACK }).resolves({ Stacks });
    const event = {
      RequestType: type,
      StackId: STACK,
      LogicalResourceId: 'Emptier',
      ResponseURL: 'http://x/',
    };
    await empty(event as CloudFormationCustomResourceEvent, 900_000, {
      s3: bucket.client,
      cloudFormation,
      clock,
      variables: { DRAWBRIDGE_STACK_ID: STACK, DRAWBRIDGE_BUCKET: BUCKET },
    });
  }

  test('empties the bucket when the stack is deleted', async () => {
    const bucket = new FakeBucket(3);
    await run('Delete', 'DELETE_IN_PROGRESS', bucket);
    expect(answers).toMatchObject([{ Status: 'SUCCESS' }]);
    expect(bucket.versions.size).toBe(0);
  });

  test.each([
    ['Create', 'CREATE_IN_PROGRESS'],
    ['Update', 'UPDATE_IN_PROGRESS'],
    ['Delete', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'],
    ['Delete', 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'],
    ['Delete', 'UPDATE_ROLLBACK_IN_PROGRESS'],
    ['Delete', 'ROLLBACK_IN_PROGRESS'],
  ] as const)('%s while the stack is in %s touches nothing', async (type, status) => {
    const bucket = new FakeBucket(3);
    bucket.uploads.add('one');
    await run(type, status, bucket);
    expect(answers).toMatchObject([{ Status: 'SUCCESS' }]);
    expect([bucket.versions.size, bucket.uploads.size, bucket.mock.calls().length]).toEqual([3, 1, 0]);
  });

  test('tells CloudFormation why it failed', async () => {
    const bucket = new FakeBucket(3);
    bucket.onDelete = () => LOCKED;
    await run('Delete', 'DELETE_IN_PROGRESS', bucket);
    expect(answers).toMatchObject([
      { Status: 'FAILED', Reason: expect.stringContaining('AccessDenied') as string },
    ]);
  });
});
