import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { PACK_BYTES } from '../../contract/intake';
import type { PackedChunk, StoredChunk } from '../../contract/intake-protocol';
import { packIndexKey, packKey } from '../../contract/keys';
import { errorOf } from '../stop';
import { statusOf, storageStop } from '../storage/client';
import { Slots } from './slots';

/** A chunk in the form in which it came and is kept. */
export interface StoredForm {
  readonly bytes: Buffer;
  readonly encoding: 'gzip' | 'identity';
}

/** Packs on their way to S3 at a time; beside them one is being filled. */
const UPLOADS = 2;
/** Chunks of one pack: their index is in memory meanwhile. */
const MOST_CHUNKS = 10_000;
/** A pack that is so old is stored, full or not: what arrives slowly should not be lost with the box. Milliseconds. */
const OLDEST_MS = 60_000;

/** A pack that is being filled. */
class OpenPack {
  readonly name = randomBytes(16).toString('hex');
  readonly index: PackedChunk[] = [];
  length = 0;
  private readonly since = performance.now();

  constructor(readonly room: Buffer) {}

  takes(bytes: number): boolean {
    const fits = this.length + bytes <= this.room.length && this.index.length < MOST_CHUNKS;
    return this.length === 0 || (fits && performance.now() - this.since < OLDEST_MS);
  }

  add(path: string, sha256: string, { bytes, encoding }: StoredForm): StoredChunk {
    bytes.copy(this.room, this.length);
    const place = { sha256, at: this.length, length: bytes.length, encoding };
    this.index.push({ path, ...place });
    this.length += bytes.length;
    return { ...place, pack: this.name };
  }
}

/**
 * Gathers the chunks of one source into packs, so that thousands of small files are a few objects: each is one request, which
 * works or does not. When a pack is there, its index follows below the push's own prefix: a push that breaks off leaves behind
 * what it had stored, for the next one.
 */
export class Packs {
  private readonly slots = new Slots(UPLOADS);
  private readonly spare: Buffer[] = [];
  private readonly uploads = new Set<Promise<void>>();
  private open: OpenPack | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  private failure: Error | undefined;

  /** @param receipt - prefix of the push */
  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly source: string,
    private readonly receipt: string,
  ) {}

  /**
   * Takes a chunk. It is there when {@link finish} has resolved.
   *
   * @throws Stop when S3 refuses or cannot be reached
   */
  put(path: string, sha256: string, form: StoredForm): Promise<StoredChunk> {
    const placed = this.turn.then(async () => {
      if (this.open?.takes(form.bytes.length) === false) await this.seal(this.open);
      if (this.failure !== undefined) throw this.failure;
      this.open ??= new OpenPack(this.spare.pop() ?? Buffer.allocUnsafeSlow(PACK_BYTES));
      return this.open.add(path, sha256, form);
    });
    this.turn = placed.catch(() => undefined);
    return placed;
  }

  /**
   * Stores what has been taken and not yet stored.
   *
   * @throws Stop when not all of it is there
   */
  async finish(): Promise<void> {
    await this.turn;
    if (this.open !== undefined) await this.seal(this.open);
    await Promise.all(this.uploads);
    if (this.failure !== undefined) throw this.failure;
  }

  private async seal(pack: OpenPack): Promise<void> {
    this.open = undefined;
    await this.slots.enter();
    const upload: Promise<void> = this.store(pack)
      .catch((error: unknown) => {
        this.failure ??= errorOf(error);
      })
      .finally(() => {
        this.spare.push(pack.room);
        this.slots.leave();
        this.uploads.delete(upload);
      });
    this.uploads.add(upload);
  }

  private async store({ name, room, length, index }: OpenPack): Promise<void> {
    await this.write(packKey(this.source, name), room.subarray(0, length));
    const lines = index.map((chunk) => `${JSON.stringify(chunk)}\n`).join('');
    await this.write(packIndexKey(this.receipt, name), gzipSync(lines));
  }

  private async write(Key: string, bytes: Buffer): Promise<void> {
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
        }),
      );
    } catch (error) {
      // The name is random: what is there already is this very request, whose answer was lost.
      if (statusOf(error) === 412) return;
      throw storageStop(`${Key} could not be stored`, error);
    }
  }
}
