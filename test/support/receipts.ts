import { createHash } from 'node:crypto';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { gunzipSync } from 'node:zlib';
import {
  listedFile,
  type ListedFile,
  type Receipt,
  type StoredChunk,
  receipt as receiptSchema,
} from '../../contract/intake-protocol';
import { packKey, receiptsPrefix } from '../../contract/keys';

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

  /** An object as it was before it was compressed, where its name says that it is. */
  async read(Key: string): Promise<Buffer> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key }));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    return Key.endsWith('.gz') ? gunzipSync(bytes) : bytes;
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

  /** One file of a receipt, put together from its chunks; undefined where one is not there, or not what was handed in. */
  async content({ chunks }: ListedFile): Promise<Buffer | undefined> {
    const parts = await Promise.all(chunks.map((chunk) => this.chunk(chunk)));
    return parts.every((part) => part !== undefined) ? Buffer.concat(parts) : undefined;
  }

  /** Files that some receipt lists and that are not there, or are not what was handed in: none, ever. */
  async missing(): Promise<string[]> {
    const missing: string[] = [];
    for (const key of await this.receipts())
      for (const file of await this.files(await this.receipt(key)))
        if ((await this.content(file)) === undefined) missing.push(`${key}: ${file.path}`);
    return missing;
  }

  private async chunk({ pack, at, length, encoding, sha256 }: StoredChunk): Promise<Buffer | undefined> {
    const stored = (await this.pack(pack))?.subarray(at, at + length);
    if (stored?.length !== length) return undefined;
    const content = encoding === 'gzip' ? gunzipSync(stored) : stored;
    return createHash('sha256').update(content).digest('hex') === sha256 ? content : undefined;
  }

  /** Packs are written once: each is read once. */
  private pack(name: string): Promise<Buffer | undefined> {
    const held = this.packs.get(name) ?? this.read(packKey(this.source, name)).catch(() => undefined);
    this.packs.set(name, held);
    return held;
  }

  private readonly packs = new Map<string, Promise<Buffer | undefined>>();
}
