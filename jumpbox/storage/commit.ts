import { createHash } from 'node:crypto';
import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { EXIT } from '../../contract/exit-codes';
import { reasonOf, Stop } from '../stop';
import { storageStop } from './client';
import type { Upload } from './upload';

interface Held {
  readonly bytes: number | undefined;
  readonly checksum: string | undefined;
  readonly versionId: string | undefined;
}

async function head(s3: S3Client, bucket: string, key: string): Promise<Held> {
  const answer = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }));
  // Of a multipart object S3 appends the number of parts: "…=-3".
  const checksum = answer.ChecksumSHA256?.replace(/-\d+$/, '');
  return { bytes: answer.ContentLength, checksum, versionId: answer.VersionId };
}

/**
 * Runs a write that may only create, and then asks S3 what it holds: that decides, not the answer to the write. A write that
 * was repeated after a lost answer is refused (412, or "no such upload") although the first one worked; an answer of 200 may
 * hold an error.
 *
 * @returns the version id of the object, when the bucket keeps versions
 * @throws Stop when S3 does not hold exactly these bytes under the key
 */
async function createOnce(
  s3: S3Client,
  object: {
    readonly bucket: string;
    readonly key: string;
    readonly bytes: number;
    readonly checksum: string;
  },
  write: () => Promise<unknown>,
): Promise<string | undefined> {
  const { bucket, key } = object;
  const refused = await write().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const held = await head(s3, bucket, key).catch((error: unknown) => {
    throw storageStop(`${key} could not be committed`, refused?.error ?? error);
  });
  if (held.bytes === object.bytes && held.checksum === object.checksum) return held.versionId;
  const found = `S3 holds ${String(held.bytes)} bytes with checksum ${held.checksum ?? 'none'} there, not the ${String(object.bytes)} bytes with ${object.checksum} that were sent`;
  const told = refused === undefined ? '' : ` (S3 said: ${reasonOf(refused.error)})`;
  throw new Stop(EXIT.failed, `${key} could not be committed: ${found}${told}.`);
}

/** Completes an upload and makes sure that S3 holds what was sent. Returns its version id. */
export async function commitUpload(s3: S3Client, upload: Upload): Promise<string | undefined> {
  const { bucket, key, storedBytes } = upload;
  return createOnce(s3, { bucket, key, bytes: storedBytes, checksum: upload.checksum() }, () =>
    upload.complete(),
  );
}

/** Writes a small object under a key that is free, and makes sure that S3 holds it. */
export async function putOnce(s3: S3Client, bucket: string, key: string, text: string): Promise<void> {
  const body = Buffer.from(text, 'utf8');
  const checksum = createHash('sha256').update(body).digest('base64');
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    Body: body,
    ContentType: 'application/json',
    ChecksumAlgorithm: 'SHA256',
    ChecksumSHA256: checksum,
    IfNoneMatch: '*',
  });
  await createOnce(s3, { bucket, key, bytes: body.length, checksum }, () => s3.send(command));
}
