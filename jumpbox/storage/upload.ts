import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { EXIT } from '../../contract/exit-codes';
import { reasonOf, Stop } from '../stop';
import { storageStop } from './client';
import { signAs } from './signing';
import { partSizeBytes, S3_LIMITS } from './part-size';

/** Parts on their way at a time. Memory is this and the part being filled, times the part size. */
const PARALLEL_PARTS = 2;

interface Part {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
  readonly ChecksumSHA256: string;
}

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

/**
 * A multipart upload that takes a stream of unknown length. Nothing is visible under its key until {@link complete}.
 *
 * Each part carries its SHA-256, which S3 checks; S3 then keeps the SHA-256 over those (a "composite" checksum):
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export class Upload {
  private readonly hash = createHash('sha256');
  private readonly partHash = createHash('sha256');
  private readonly parts: Part[] = [];
  private readonly spare: Buffer[] = [];
  private readonly inFlight = new Set<Promise<void>>();
  private failure: Error | undefined;
  private filling: Buffer | undefined;
  private filled = 0;
  private begun = 0;
  private written = 0;

  private constructor(
    private readonly s3: S3Client,
    readonly bucket: string,
    readonly key: string,
    private readonly uploadId: string,
    private readonly expectedBytes: number,
    private readonly leastPartBytes: number | undefined,
  ) {}

  /**
   * @param expectedBytes - what will probably be stored; 0 when unknown
   * @param leastPartBytes - see {@link partSizeBytes}
   * @throws Stop when S3 refuses or cannot be reached
   */
  static async begin(
    s3: S3Client,
    bucket: string,
    key: string,
    expectedBytes: number,
    leastPartBytes?: number,
  ): Promise<Upload> {
    const input = {
      Bucket: bucket,
      Key: key,
      ChecksumAlgorithm: 'SHA256',
      ChecksumType: 'COMPOSITE',
    } as const;
    try {
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand(input));
      if (UploadId === undefined) throw new Error('S3 gave no upload id');
      return new Upload(s3, bucket, key, UploadId, expectedBytes, leastPartBytes);
    } catch (error) {
      throw storageStop(`The upload of ${key} could not be begun`, error);
    }
  }

  /** Bytes taken so far. */
  get storedBytes(): number {
    return this.written;
  }

  /** Takes a chunk; a promise means: wait before the next. */
  take(chunk: Buffer): Promise<void> | undefined {
    if (this.failure !== undefined) throw this.failure;
    this.hash.update(chunk);
    this.written += chunk.length;
    let rest = chunk;
    while (rest.length > 0) {
      this.filling ??= this.buffer();
      const copied = rest.copy(this.filling, this.filled);
      this.filled += copied;
      rest = rest.subarray(copied);
      if (this.filled === this.filling.length) this.send();
    }
    return this.inFlight.size < PARALLEL_PARTS ? undefined : this.room();
  }

  /** Sends what is left and waits for every part. The upload is then ready to be completed. */
  async finishParts(): Promise<{ readonly storedBytes: number; readonly storedSha256: string }> {
    if (this.filled > 0 || this.begun === 0) {
      this.filling ??= this.buffer();
      this.send();
    }
    await Promise.all(this.inFlight);
    if (this.failure !== undefined) throw this.failure;
    this.parts.sort((one, other) => one.PartNumber - other.PartNumber);
    for (const part of this.parts) this.partHash.update(Buffer.from(part.ChecksumSHA256, 'base64'));
    return { storedBytes: this.written, storedSha256: this.hash.digest('hex') };
  }

  /** The checksum by which S3 must know the object: SHA-256 over the parts' SHA-256, without the number of parts. */
  checksum(): string {
    return this.partHash.copy().digest('base64');
  }

  /** Makes the object, unless one stands there already. S3 refuses when a part is missing or the size differs. */
  async complete(): Promise<void> {
    await this.s3.send(
      new CompleteMultipartUploadCommand({
        Bucket: this.bucket,
        Key: this.key,
        UploadId: this.uploadId,
        IfNoneMatch: '*',
        ChecksumType: 'COMPOSITE',
        MpuObjectSize: this.written,
        MultipartUpload: { Parts: this.parts },
      }),
    );
  }

  /** Gives up: S3 forgets the parts. Returns a sentence when it could not be told so. */
  async abort(): Promise<string | undefined> {
    const command = new AbortMultipartUploadCommand({
      Bucket: this.bucket,
      Key: this.key,
      UploadId: this.uploadId,
    });
    try {
      await Promise.all(this.inFlight);
      await this.s3.send(command);
      return undefined;
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchUpload') return undefined;
      return `The upload of ${this.key} could not be aborted (${reasonOf(error)}); the sweep will do it.`;
    }
  }

  private buffer(): Buffer {
    if (this.begun >= S3_LIMITS.parts) {
      throw new Stop(
        EXIT.failed,
        `${this.key} does not fit into ${String(S3_LIMITS.parts)} parts of an S3 object.`,
      );
    }
    const size = partSizeBytes(this.begun + 1, this.expectedBytes, this.leastPartBytes);
    const spare = this.spare.pop();
    return spare?.length === size ? spare : Buffer.allocUnsafeSlow(size);
  }

  private send(): void {
    const buffer = this.filling ?? Buffer.alloc(0);
    const body = buffer.subarray(0, this.filled);
    const number = (this.begun += 1);
    this.filling = undefined;
    this.filled = 0;
    const sending = this.sendPart(number, body)
      .catch((error: unknown) => {
        this.failure ??= storageStop(`Part ${String(number)} of ${this.key} could not be stored`, error);
      })
      .finally(() => {
        this.inFlight.delete(sending);
        this.spare.push(buffer);
      });
    this.inFlight.add(sending);
  }

  private async sendPart(number: number, body: Buffer): Promise<void> {
    const digest = sha256(body);
    const part = { PartNumber: number, ChecksumSHA256: digest.toString('base64') };
    const command = new UploadPartCommand({
      Bucket: this.bucket,
      Key: this.key,
      UploadId: this.uploadId,
      Body: body,
      ContentLength: body.length,
      ...part,
    });
    signAs(command, digest.toString('hex'));
    const { ETag } = await this.s3.send(command);
    this.parts.push({ ...part, ETag });
  }

  private async room(): Promise<void> {
    while (this.inFlight.size >= PARALLEL_PARTS) await Promise.race(this.inFlight);
    if (this.failure !== undefined) throw this.failure;
  }
}
