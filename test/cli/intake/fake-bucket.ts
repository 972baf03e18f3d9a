import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, NoSuchKey } from '@aws-sdk/client-s3';
import { sdkStreamMixin } from '@smithy/core/serde';
import { CHUNK_BYTES } from '../../../contract/intake';
import type { ListedFile, ListedRefusal, Receipt, StoredChunk } from '../../../contract/intake-protocol';
import { packKey, RECEIPT_OBJECTS, receiptPrefix, receiptsPrefix } from '../../../contract/keys';

export const BOX = 'i-0123456789abcdef0';
export const hash = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** Each file has a pack of its own here. */
export const packName = (source: string, path: string, content: Buffer): string =>
  hash(Buffer.from(`${source}/${path}/${hash(content)}`)).slice(0, 32);

/** A file of a push: its content, or why it was refused. */
export type Pushed = Readonly<Record<string, Buffer | { readonly refused: string }>>;

/** What of a mocked client is used. */
interface Stub {
  on(command: unknown): { callsFake(answer: (input: never) => unknown): unknown };
}

/** A bucket in memory, as S3 pages and answers. */
export class FakeBucket {
  readonly objects = new Map<string, { body: Buffer }>();
  /** Folders of one page of a listing. */
  pageSize = 1_000;

  answer(stub: Stub): void {
    stub.on(GetObjectCommand).callsFake(({ Key, Range }: { Key: string; Range?: string }) => {
      const held = this.objects.get(Key);
      if (held === undefined)
        throw new NoSuchKey({ message: 'no such key', $metadata: { httpStatusCode: 404 } });
      const [from = 0, to = Infinity] = (Range?.match(/\d+/g) ?? []).map(Number);
      return { Body: sdkStreamMixin(Readable.from([held.body.subarray(from, to + 1)])) };
    });
    stub.on(ListObjectsV2Command).callsFake((input: { Prefix: string; ContinuationToken?: string }) => {
      const keys = [...this.objects.keys()].filter((key) => key.startsWith(input.Prefix)).sort();
      const folders = [
        ...new Set(keys.map((key) => key.slice(0, key.indexOf('/', input.Prefix.length) + 1))),
      ];
      const from = Number(input.ContinuationToken ?? 0);
      const isMore = from + this.pageSize < folders.length;
      return {
        CommonPrefixes: folders.slice(from, from + this.pageSize).map((Prefix) => ({ Prefix })),
        ...(isMore ? { NextContinuationToken: String(from + this.pageSize) } : {}),
      };
    });
  }

  /** Puts a push there, as a box would; returns the name of its receipt. */
  push(source: string, startedAt: string, files: Pushed, change: Partial<Receipt> = {}): string {
    const prefix = receiptPrefix(source, new Date(startedAt), BOX);
    const lines = Object.entries(files).map(([path, content]) => this.file(source, path, content));
    const list = gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const taken = lines.filter((line): line is ListedFile => 'chunks' in line);
    const refusals = lines.flatMap((line) =>
      'refused' in line ? [{ path: line.path, reason: line.refused }] : [],
    );
    const receipt: Receipt = {
      formatVersion: 1,
      ...{ source, box: BOX, by: 'push', client: 'test', startedAt, unchanged: 0, receivedBytes: 1 },
      finishedAt: new Date(new Date(startedAt).getTime() + 60_000).toISOString(),
      files: taken.length,
      bytes: taken.reduce((sum, { bytes }) => sum + bytes, 0),
      refused: refusals.length,
      ...{ flagged: 0, refusals, flags: [] },
      list: { key: `${prefix}${RECEIPT_OBJECTS.files}`, storedBytes: list.length, storedSha256: hash(list) },
      ...change,
    };
    this.objects.set(`${prefix}${RECEIPT_OBJECTS.files}`, { body: list });
    this.objects.set(`${prefix}${RECEIPT_OBJECTS.receipt}`, { body: Buffer.from(JSON.stringify(receipt)) });
    return prefix.slice(receiptsPrefix(source).length, -1);
  }

  private file(source: string, path: string, content: Pushed[string]): ListedFile | ListedRefusal {
    if (!Buffer.isBuffer(content)) return { path, ...content };
    const chunks: StoredChunk[] = [];
    const parts: Buffer[] = [Buffer.from('what stands before')];
    const pack = packName(source, path, content);
    for (let at = 0; at < content.length; at += CHUNK_BYTES) {
      const chunk = content.subarray(at, at + CHUNK_BYTES);
      const packed = gzipSync(chunk);
      const place = { at: Buffer.concat(parts).length, length: packed.length };
      chunks.push({ sha256: hash(chunk), pack, ...place, encoding: 'gzip' });
      parts.push(packed);
    }
    this.objects.set(packKey(source, pack), { body: Buffer.concat(parts) });
    return { path, bytes: content.length, modified: 1_700_000_000, chunks };
  }
}
