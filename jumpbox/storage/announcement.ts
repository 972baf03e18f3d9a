import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3';
import { tableKey } from '../../contract/keys';
import type { Progress } from '../progress';
import { reasonOf } from '../stop';

/** Between two announcements; each is a request that costs. */
const EVERY_MS = 5_000;

interface Open {
  readonly table: string;
  readonly Key: string;
  readonly UploadId: string | undefined;
}

/**
 * Tells whoever looks at the bucket's unfinished uploads which table a backup is at, by an upload whose key says it
 * ({@link tableKey}). Never waited for, and no backup fails by it: a failure is said once, and nothing is announced any more.
 * What stays open when the box dies is aborted by the sweep, as its other uploads are.
 */
export class Announcement {
  private open: Open | undefined;
  private last = Number.NEGATIVE_INFINITY;
  private work: Promise<void> | undefined;
  private over = false;

  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly prefix: string,
    private readonly progress: Progress,
    private readonly now: () => number = Date.now,
  ) {}

  say(table: string): void {
    const isTooSoon = this.now() - this.last < EVERY_MS;
    if (this.over || this.work !== undefined || isTooSoon || this.open?.table === table) return;
    this.last = this.now();
    this.work = this.replace(table).finally(() => {
      this.work = undefined;
    });
  }

  /** Takes back what was said; nothing more is said then. */
  async end(): Promise<void> {
    this.over = true;
    await this.work;
    await this.replace(undefined);
  }

  private async replace(table: string | undefined): Promise<void> {
    try {
      const before = this.open;
      this.open = table === undefined ? undefined : await this.begin(table);
      if (before === undefined) return;
      const { Key, UploadId } = before;
      await this.s3.send(new AbortMultipartUploadCommand({ Bucket: this.bucket, Key, UploadId }));
    } catch (error) {
      this.over = true;
      this.progress(`The table could not be announced any more (${reasonOf(error)}); the backup goes on.`);
    }
  }

  private async begin(table: string): Promise<Open> {
    const Key = tableKey(this.prefix, table);
    const { UploadId } = await this.s3.send(new CreateMultipartUploadCommand({ Bucket: this.bucket, Key }));
    return { table, Key, UploadId };
  }
}
