import type { Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { drain, type Take } from '../process/pump';
import { Stop } from '../stop';
import { statusOf, storageStop } from './client';

/** How often a download that breaks off is taken up again where it ended. */
const ATTEMPTS = 5;

/** What S3 holds under a key. */
export interface Held {
  readonly versionId: string | undefined;
  readonly bytes: number;
}

/**
 * Whether an error of GetObject means that there is no such object. S3 says 403 instead of 404 to whoever may not list the whole
 * bucket, and a box may list only its own prefix: then the listing decides.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
async function isMissing(s3: S3Client, bucket: string, key: string, error: unknown): Promise<boolean> {
  if (statusOf(error) === 404) return true;
  if (statusOf(error) !== 403) return false;
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1 }),
  );
  return Contents[0]?.Key !== key;
}

/** Reads a small object as text; undefined when there is none. */
export async function readText(s3: S3Client, bucket: string, key: string): Promise<string | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await Body?.transformToString();
  } catch (error) {
    if (await isMissing(s3, bucket, key, error)) return undefined;
    throw storageStop(`${key} could not be read`, error);
  }
}

/**
 * Streams an object's newest version, or the one that is named, once, from its first byte to its last. When the connection breaks it goes on from there,
 * as long as the object is the same one.
 *
 * @returns undefined when there is no such object
 * @throws Stop when S3 cannot be reached or refuses
 */
export async function download(
  s3: S3Client,
  bucket: string,
  key: string,
  take: Take,
  versionId?: string,
): Promise<Held | undefined> {
  let done = 0;
  let tag: string | undefined;
  const counted: Take = (chunk) => {
    done += chunk.length;
    return take(chunk);
  };
  for (let attempt = 1; ; attempt += 1) {
    const begin = done;
    try {
      const rest = done === 0 ? {} : { Range: `bytes=${String(done)}-`, IfMatch: tag };
      const { Body, VersionId, ETag } = await s3.send(
        new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId, ...rest }),
      );
      tag = ETag;
      await drain(Body as Readable, counted);
      return { versionId: VersionId, bytes: done };
    } catch (error) {
      if (await isMissing(s3, bucket, key, error)) return undefined;
      if (error instanceof Stop) throw error;
      // What gave no byte at all was tried often enough by the SDK.
      const isBroken = done > begin && statusOf(error) === undefined;
      if (!isBroken || attempt === ATTEMPTS) throw storageStop(`${key} could not be read to its end`, error);
    }
  }
}
