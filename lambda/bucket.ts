import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type ObjectIdentifier,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Clock } from './clock';
import { eachLimited } from './concurrency';
import { isAwsError, log, reasonOf } from './log';

const AT_ONCE = 8;
/** Errors of single objects, which the SDK does not repeat: they stand inside an answer that is a success as a whole. */
const PASSING = ['InternalError', 'ServiceUnavailable', 'SlowDown', 'RequestTimeout'];
/** So often, with these pauses before. */
const WAITS_MS = [0, 1_000, 4_000, 16_000];
/** Failures that a message names; the others it counts. */
const NAMED = 3;

/** What was removed from a bucket. */
export interface Emptied {
  /** Versions and delete markers. */
  readonly versions: number;
  readonly uploads: number;
}

/**
 * Deletes every version, delete marker and open upload of a bucket, past governance locks. A bucket that is gone is empty.
 *
 * Needs s3:ListBucketVersions and s3:ListBucketMultipartUploads on the bucket, s3:DeleteObjectVersion,
 * s3:BypassGovernanceRetention and s3:AbortMultipartUpload on its objects.
 *
 * @param until - when this instant is reached, it stops
 * @throws Error that says what could not be deleted and why, or that time ran out; in both cases it can be called again
 */
export async function emptyBucket(s3: S3Client, bucket: string, clock: Clock, until: Date): Promise<Emptied> {
  const work = new Emptying(s3, bucket, clock, until);
  try {
    await work.abortUploads();
    await work.deleteVersions();
  } catch (error) {
    if (!isAwsError(error, 'NoSuchBucket')) throw error;
  }
  return work.done;
}

class Emptying {
  readonly done = { versions: 0, uploads: 0 };

  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly clock: Clock,
    private readonly until: Date,
  ) {}

  async deleteVersions(): Promise<void> {
    let page: ListObjectVersionsCommandOutput | undefined;
    do {
      this.checkTime();
      page = await this.s3.send(
        new ListObjectVersionsCommand({
          Bucket: this.bucket,
          KeyMarker: page?.NextKeyMarker,
          VersionIdMarker: page?.NextVersionIdMarker,
        }),
      );
      const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
      await this.deletePage(found.map(({ Key, VersionId }) => ({ Key, VersionId })));
    } while (page.IsTruncated === true);
  }

  async abortUploads(): Promise<void> {
    let page: ListMultipartUploadsCommandOutput | undefined;
    const failures: string[] = [];
    do {
      this.checkTime();
      page = await this.s3.send(
        new ListMultipartUploadsCommand({
          Bucket: this.bucket,
          KeyMarker: page?.NextKeyMarker,
          UploadIdMarker: page?.NextUploadIdMarker,
        }),
      );
      await eachLimited(page.Uploads ?? [], AT_ONCE, async ({ Key, UploadId }) => {
        try {
          await this.s3.send(new AbortMultipartUploadCommand({ Bucket: this.bucket, Key, UploadId }));
          this.done.uploads += 1;
        } catch (error) {
          if (!isAwsError(error, 'NoSuchUpload')) failures.push(`upload of ${Key ?? ''}: ${reasonOf(error)}`);
        }
      });
    } while (page.IsTruncated === true);
    this.refuse(failures);
  }

  /** At most a thousand, as one page has and one request takes. */
  private async deletePage(page: ObjectIdentifier[]): Promise<void> {
    let left = page;
    let failures: string[] = [];
    for (const waitMs of WAITS_MS) {
      if (left.length === 0) break;
      if (waitMs > 0) await this.clock.sleep(waitMs);
      this.checkTime();
      const { Errors = [] } = await this.s3.send(
        new DeleteObjectsCommand({
          Bucket: this.bucket,
          Delete: { Objects: left, Quiet: true },
          BypassGovernanceRetention: true,
        }),
      );
      // Deleted since it was listed: what was wanted.
      const real = Errors.filter(({ Code }) => Code !== 'NoSuchKey' && Code !== 'NoSuchVersion');
      failures = real.map(
        ({ Key, VersionId, Code, Message }) =>
          `${Key ?? ''} (version ${VersionId ?? ''}): ${Code ?? ''} ${Message ?? ''}`,
      );
      this.done.versions += left.length - real.length;
      left = real.map(({ Key, VersionId }) => ({ Key, VersionId }));
      if (real.some(({ Code = '' }) => !PASSING.includes(Code))) break;
    }
    log('deleted a page', { bucket: this.bucket, ...this.done, failures: failures.length });
    this.refuse(failures);
  }

  private refuse(failures: readonly string[]): void {
    if (failures.length === 0) return;
    const more = failures.length > NAMED ? `; and ${failures.length - NAMED} more` : '';
    throw new Error(
      `${failures.length} of what lies in ${this.bucket} could not be deleted: ${failures.slice(0, NAMED).join('; ')}${more}. ` +
        'What is under a legal hold or a compliance lock nobody can delete: release the hold or wait. Then delete the ' +
        'stack again; what was deleted stays deleted.',
    );
  }

  private checkTime(): void {
    if (this.clock.now() < this.until) return;
    throw new Error(
      `${this.bucket} holds more than one run can delete: ${this.done.versions} versions and ${this.done.uploads} uploads ` +
        'are gone. Delete the stack again to go on from there.',
    );
  }
}
