import { createHash } from 'node:crypto';
import { ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { chunkKey, pathPrefix } from '../../contract/keys';
import { statusOf, storageStop } from '../storage/client';

/** A chunk in the form in which it came and is kept. */
export interface StoredForm {
  readonly bytes: Buffer;
  readonly encoding: 'gzip' | 'identity';
}

/** Where the chunks of one source are kept: each under the path it came by and its hash, written once. */
export class ChunkStore {
  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly source: string,
  ) {}

  /**
   * Keeps a chunk. One that is there already came by the same path with the same hash, and was checked then.
   *
   * @throws Stop when S3 refuses or cannot be reached
   */
  async put(path: string, sha256: string, { bytes, encoding }: StoredForm): Promise<void> {
    const Key = chunkKey(this.source, path, sha256);
    try {
      await this.s3.send(
        new PutObjectCommand({
          Bucket: this.bucket,
          Key,
          Body: bytes,
          // A bucket with Object Lock asks for the algorithm's name too.
          ChecksumAlgorithm: 'SHA256',
          ChecksumSHA256: createHash('sha256').update(bytes).digest('base64'),
          IfNoneMatch: '*',
          ContentType: 'application/octet-stream',
          ...(encoding === 'gzip' ? { ContentEncoding: 'gzip' } : {}),
        }),
      );
    } catch (error) {
      if (statusOf(error) === 412) return;
      throw storageStop(`${Key} could not be stored`, error);
    }
  }

  /** Hashes of the chunks that were ever stored under a path. */
  async held(path: string): Promise<string[]> {
    const Prefix = pathPrefix(this.source, path);
    const hashes: string[] = [];
    let ContinuationToken: string | undefined;
    try {
      do {
        const page = await this.s3.send(
          new ListObjectsV2Command({ Bucket: this.bucket, Prefix, Delimiter: '/', ContinuationToken }),
        );
        hashes.push(...(page.Contents ?? []).map(({ Key = '' }) => Key.slice(Prefix.length)));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
    } catch (error) {
      throw storageStop(`${Prefix} could not be listed`, error);
    }
    return hashes;
  }
}
