import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { gunzipSync } from 'node:zlib';
import {
  listedFile,
  type ListedFile,
  type Receipt,
  receipt as receiptSchema,
} from '../../contract/intake-protocol';
import { chunkKey, receiptsPrefix } from '../../contract/keys';

/** What one intake source has in the bucket, as an operator finds it. */
export class SourceObjects {
  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly source: string,
  ) {}

  /** Every key below a prefix. */
  async keys(prefix = ''): Promise<string[]> {
    const found: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await this.s3.send(
        new ListObjectsV2Command({ Bucket: this.bucket, Prefix: prefix, ContinuationToken }),
      );
      found.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    return found;
  }

  /** An object as it was before it was compressed, where S3 says that it is. */
  async read(Key: string): Promise<Buffer> {
    const { Body, ContentEncoding } = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key }));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    return ContentEncoding === 'gzip' || Key.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  }

  /** Keys of the receipts, the oldest first. */
  async receipts(): Promise<string[]> {
    return (await this.keys(receiptsPrefix(this.source)))
      .filter((key) => key.endsWith('/receipt.json'))
      .sort();
  }

  async receipt(key: string): Promise<Receipt> {
    return receiptSchema.parse(JSON.parse((await this.read(key)).toString()));
  }

  /** The files that a receipt says are there. */
  async files({ list }: Receipt): Promise<ListedFile[]> {
    const lines = (await this.read(list.key)).toString().split('\n').filter(Boolean);
    return lines.flatMap((line) => {
      const read = listedFile.safeParse(JSON.parse(line));
      return read.success ? [read.data] : [];
    });
  }

  /** One file of a receipt, put together from its chunks. */
  async content({ path, chunks }: ListedFile): Promise<Buffer> {
    return Buffer.concat(
      await Promise.all(chunks.map((sha256) => this.read(chunkKey(this.source, path, sha256)))),
    );
  }

  /** Chunks that some receipt names and that are not there: none, ever. */
  async missing(): Promise<string[]> {
    const there = new Set(await this.keys());
    const missing: string[] = [];
    for (const key of await this.receipts())
      for (const { path, chunks } of await this.files(await this.receipt(key)))
        missing.push(
          ...chunks.map((sha256) => chunkKey(this.source, path, sha256)).filter((one) => !there.has(one)),
        );
    return missing;
  }
}
