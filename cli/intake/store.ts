import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { EXIT } from '../../contract/exit-codes';
import { CHUNK_BYTES } from '../../contract/intake';
import {
  type ListedFile,
  listedFile,
  type ListedRefusal,
  listedRefusal,
  type Receipt,
  receipt as receiptSchema,
  type StoredChunk,
} from '../../contract/intake-protocol';
import { packKey, RECEIPT_OBJECTS, receiptsPrefix, receiptStart } from '../../contract/keys';
import { clientSettings } from '../aws/settings';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';

const unpack = promisify(gunzip);
/** Longest line of a list: a path, and a hash of each of a file's chunks (1 TiB at most). */
const LONGEST_LINE = 512 * 1024 ** 2;
const line = listedFile.or(listedRefusal);

/** The name of a push: the folder of its receipt, `<start>_<instance id>`. */
export type ReceiptName = string;

/** What was handed in, read from the bucket. */
export class IntakeStore {
  private readonly s3: S3Client;

  constructor(
    context: Context,
    private readonly bucket: string,
  ) {
    this.s3 = new S3Client({
      ...clientSettings(context),
      // Every byte is compared with the SHA-256 of its chunk or its list.
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  /** Names of a source's pushes, the oldest first, also of those that never ended: {@link receipt} tells. */
  async names(source: string): Promise<ReceiptName[]> {
    const Prefix = receiptsPrefix(source);
    const names: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await this.s3.send(
        new ListObjectsV2Command({ Bucket: this.bucket, Prefix, Delimiter: '/', ContinuationToken }),
      );
      for (const { Prefix: folder = '' } of page.CommonPrefixes ?? [])
        names.push(folder.slice(Prefix.length, -1));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    return names.filter((name) => receiptStart(name) !== undefined).sort();
  }

  /** The receipt of a push; undefined when there is none: then the push did not happen. */
  async receipt(source: string, name: ReceiptName): Promise<Receipt | undefined> {
    const Key = `${receiptsPrefix(source)}${name}/${RECEIPT_OBJECTS.receipt}`;
    try {
      const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key }));
      return receiptSchema.parse(JSON.parse((await Body?.transformToString()) ?? ''));
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      if (error instanceof SyntaxError || (error instanceof Error && error.name === 'ZodError'))
        throw new Problem(EXIT.failed, `${Key} is no receipt that this version of the program can read.`);
      throw error;
    }
  }

  /**
   * The list of a push, line by line as it comes.
   *
   * @throws Problem at its end, when it is not what the receipt says
   */
  async *list(
    source: string,
    name: ReceiptName,
    { list }: Receipt,
  ): AsyncGenerator<ListedFile | ListedRefusal> {
    const Key = `${receiptsPrefix(source)}${name}/${RECEIPT_OBJECTS.files}`;
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key }));
    const hash = createHash('sha256');
    const stored = Body as Readable;
    const unpacked = createGunzip();
    stored.on('data', (piece: Buffer) => hash.update(piece));
    stored.once('error', (error) => unpacked.destroy(error));
    stored.pipe(unpacked);
    try {
      for await (const text of linesOf(unpacked)) yield line.parse(JSON.parse(text));
    } finally {
      stored.destroy();
    }
    if (hash.digest('hex') !== list.storedSha256)
      throw new Problem(EXIT.failed, `The list of files ${Key} is not what its receipt says.`);
  }

  /**
   * One chunk of a file, checked.
   *
   * @throws Error when it is not there, or not what its SHA-256 says
   */
  async chunk(source: string, { sha256, pack, at, length, encoding }: StoredChunk): Promise<Buffer> {
    const Range = `bytes=${at}-${at + length - 1}`;
    const input = { Bucket: this.bucket, Key: packKey(source, pack), Range };
    const { Body } = await this.s3.send(new GetObjectCommand(input));
    const stored = Buffer.from((await Body?.transformToByteArray()) ?? []);
    const content = encoding === 'gzip' ? await unpack(stored, { maxOutputLength: CHUNK_BYTES }) : stored;
    if (createHash('sha256').update(content).digest('hex') !== sha256)
      throw new Error('what is stored is not what its SHA-256 says');
    return content;
  }

  close(): void {
    this.s3.destroy();
  }
}

/** Lines end with a line feed and nothing else: other characters that end lines may stand in a text. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const text of stream.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) throw new Error('The list of files holds a line without an end.');
    yield* lines;
  }
  if (rest !== '') throw new Error('The list of files ends in the middle of a line.');
}
