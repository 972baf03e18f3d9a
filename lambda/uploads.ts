import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { BACKUPS, INTAKE, instanceOfKey } from '../contract/keys';
import { instancesById } from './boxes';
import { eachLimited } from './concurrency';
import { isAwsError, log, reasonOf } from './log';

const AT_ONCE = 8;

/** A multipart upload that was begun and neither completed nor aborted. */
export interface Upload {
  readonly key: string;
  readonly uploadId: string;
}

/** An upload and the box that its key names. */
type BoxUpload = Upload & { readonly instanceId: string };

/** What became of the uploads of dead boxes. */
export interface AbortedUploads {
  readonly aborted: readonly Upload[];
  /** Upload → why it could not be aborted. */
  readonly failures: readonly string[];
}

/** Every open upload below a prefix whose key names its box; others are not ours to judge. */
async function openUploads(s3: S3Client, bucket: string, prefix: string): Promise<BoxUpload[]> {
  const open: BoxUpload[] = [];
  let page: ListMultipartUploadsCommandOutput | undefined;
  do {
    page = await s3.send(
      new ListMultipartUploadsCommand({
        Bucket: bucket,
        Prefix: prefix,
        KeyMarker: page?.NextKeyMarker,
        UploadIdMarker: page?.NextUploadIdMarker,
      }),
    );
    for (const { Key: key = '', UploadId: uploadId = '' } of page.Uploads ?? []) {
      const instanceId = instanceOfKey(key);
      if (instanceId !== undefined) open.push({ key, uploadId, instanceId });
    }
  } while (page.IsTruncated === true);
  return open;
}

/**
 * Aborts the uploads that no box can complete any more: their parts are stored and paid for, but listed nowhere.
 *
 * The uploads are listed before the instances are: a box whose upload is seen was launched at least a boot earlier, so
 * that EC2 shows it. A box in any state but `terminated` keeps its uploads, since one that shuts down may still be
 * completing; the next sweep comes for the rest.
 */
export async function abortUploadsOfDeadBoxes(
  s3: S3Client,
  ec2: EC2Client,
  bucket: string,
): Promise<AbortedUploads> {
  const open = [...(await openUploads(s3, bucket, BACKUPS)), ...(await openUploads(s3, bucket, INTAKE))];
  const boxes = await instancesById(ec2, [...new Set(open.map(({ instanceId }) => instanceId))]);
  const alive = new Set(
    boxes.filter(({ state }) => state !== 'terminated').map(({ instanceId }) => instanceId),
  );
  const aborted: Upload[] = [];
  const failures: string[] = [];
  const orphans = open.filter(({ instanceId }) => !alive.has(instanceId));
  await eachLimited(orphans, AT_ONCE, async ({ key, uploadId, instanceId }) => {
    try {
      await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }));
      aborted.push({ key, uploadId });
      log('aborted upload', { key, uploadId, instanceId });
    } catch (error) {
      // Completed or aborted since it was listed: there is nothing left to abort.
      if (isAwsError(error, 'NoSuchUpload')) return;
      log('upload not aborted', { key, uploadId, error: reasonOf(error) });
      failures.push(`upload ${uploadId} of ${key}: ${reasonOf(error)}`);
    }
  });
  return { aborted, failures };
}
