import { createGzip } from 'node:zlib';
import { once } from 'node:events';
import type { S3Client } from '@aws-sdk/client-s3';
import type { ListedFile, Receipt } from '../../contract/intake-protocol';
import { RECEIPT_OBJECTS } from '../../contract/keys';
import { errorOf } from '../stop';
import { commitUpload, putOnce } from '../storage/commit';
import { LEAST_PART_BYTES } from '../storage/part-size';
import { Upload } from '../storage/upload';
import { writerTo } from './writer';

/** Refusals and flags that stand in the receipt itself; the list of files names all of them, up to the next limit. */
const NAMED = 100;
/** Refusals that are listed: ten million tiny names must not make a list without end. */
const LISTED = 100_000;

interface Named {
  readonly path: string;
  readonly reason: string;
}

/** What the writer counts of the files that it was told of. */
export type Counts = Pick<Receipt, 'files' | 'bytes' | 'refused' | 'flagged' | 'refusals' | 'flags'>;

/** Writes the list of files while they come, and the receipt when all have come. Nothing counts before that. */
export class ReceiptWriter {
  private readonly gzip = createGzip();
  private readonly write = writerTo(this.gzip);
  private readonly refusals: Named[] = [];
  private readonly flags: Named[] = [];
  private files = 0;
  private bytes = 0;
  private refused = 0;
  private flagged = 0;
  private failure: Error | undefined;
  private readonly ended: Promise<void>;

  private constructor(
    private readonly s3: S3Client,
    private readonly upload: Upload,
    private readonly prefix: string,
  ) {
    this.gzip.on('data', (piece: Buffer) => {
      void this.pass(piece);
    });
    this.ended = once(this.gzip, 'end').then(() => undefined);
  }

  static async begin(s3: S3Client, bucket: string, prefix: string): Promise<ReceiptWriter> {
    return new ReceiptWriter(
      s3,
      // The list of a million files is some tens of megabytes; a part less in memory is a part less.
      await Upload.begin(s3, bucket, `${prefix}${RECEIPT_OBJECTS.files}`, 0, LEAST_PART_BYTES),
      prefix,
    );
  }

  /** Adds a file that is stored, all of it. */
  async add(file: ListedFile): Promise<void> {
    this.files += 1;
    this.bytes += file.bytes;
    if (file.flags !== undefined) {
      this.flagged += 1;
      if (this.flags.length < NAMED) this.flags.push({ path: file.path, reason: file.flags.join('; ') });
    }
    await this.line(file);
  }

  /** Adds a file that was not taken. */
  async refuse(path: string, reason: string): Promise<void> {
    this.refused += 1;
    if (this.refusals.length < NAMED) this.refusals.push({ path, reason });
    if (this.refused <= LISTED) await this.line({ path, refused: reason });
  }

  /**
   * Commits: first the list, then the receipt that names it.
   *
   * @returns the receipt and its key
   * @throws Stop when S3 does not hold what was written; then there is no receipt
   */
  async commit(rest: Omit<Receipt, keyof Counts | 'list'>): Promise<{ key: string; receipt: Receipt }> {
    this.gzip.end();
    await this.ended;
    this.check();
    const stored = await this.upload.finishParts();
    await commitUpload(this.s3, this.upload);
    const { files, bytes, refused, flagged, refusals, flags } = this;
    const receipt: Receipt = {
      ...rest,
      ...{ files, bytes, refused, flagged, refusals, flags },
      list: { key: this.upload.key, ...stored },
    };
    const key = `${this.prefix}${RECEIPT_OBJECTS.receipt}`;
    await putOnce(this.s3, this.upload.bucket, key, `${JSON.stringify(receipt)}\n`);
    return { key, receipt };
  }

  /** Gives up: S3 forgets what it has of the list. Returns a sentence when it could not be told so. */
  async abort(): Promise<string | undefined> {
    this.gzip.destroy();
    return this.upload.abort();
  }

  private async line(one: object): Promise<void> {
    this.check();
    await this.write(`${JSON.stringify(one)}\n`);
  }

  private async pass(piece: Buffer): Promise<void> {
    try {
      const room = this.upload.take(piece);
      if (room === undefined) return;
      this.gzip.pause();
      await room;
    } catch (error) {
      this.failure ??= errorOf(error);
    }
    this.gzip.resume();
  }

  private check(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}
