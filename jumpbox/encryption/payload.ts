import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

/**
 * The payload of the age format, version 1 (https://c2sp.org/age#payload): chunks of 64 KiB, each sealed with
 * ChaCha20-Poly1305; the nonce is the chunk's number and whether it is the last.
 */
const CHUNK_BYTES = 65_536;
const TAG_BYTES = 16;
/** Bytes of the nonce that stands before the chunks. */
export const PAYLOAD_NONCE_BYTES = 16;

const ALGORITHM = 'chacha20-poly1305';
const OPTIONS = { authTagLength: TAG_BYTES };

/** Counts chunks, and cuts what flows into pieces of one size; the last is known only at the end. */
class Chunks {
  private readonly key: Buffer;
  private rest: Buffer = Buffer.alloc(0);
  private number = 0;

  constructor(
    fileKey: Uint8Array,
    nonce: Uint8Array,
    private readonly size: number,
    private readonly turn: (key: Buffer, nonce: Buffer, chunk: Buffer) => Buffer,
  ) {
    this.key = Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
  }

  take(bytes: Buffer): Buffer {
    const all = Buffer.concat([this.rest, bytes]);
    const done: Buffer[] = [];
    let at = 0;
    for (; all.length - at > this.size; at += this.size)
      done.push(this.next(all.subarray(at, at + this.size), false));
    this.rest = Buffer.from(all.subarray(at));
    return Buffer.concat(done);
  }

  finish(): Buffer {
    return this.next(this.rest, true);
  }

  private next(chunk: Buffer, isLast: boolean): Buffer {
    const nonce = Buffer.alloc(12);
    nonce.writeUIntBE(this.number, 5, 6);
    nonce[11] = isLast ? 1 : 0;
    this.number += 1;
    return this.turn(this.key, nonce, chunk);
  }
}

/** Turns bytes into others, a stream at a time. */
export interface Turner {
  /** What can be given on; the end may be held back. */
  take(bytes: Buffer): Buffer;
  /** The rest. */
  finish(): Buffer;
}

/** Encrypts a payload; its nonce is not among what comes out. */
export const sealing = (fileKey: Uint8Array, nonce: Uint8Array): Turner =>
  new Chunks(fileKey, nonce, CHUNK_BYTES, (key, iv, chunk) => {
    const cipher = createCipheriv(ALGORITHM, key, iv, OPTIONS);
    return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
  });

/**
 * Decrypts a payload that comes without its nonce.
 *
 * @throws Error, from both methods, for what was altered, cut off or put together otherwise
 */
export const opening = (fileKey: Uint8Array, nonce: Uint8Array): Turner =>
  new Chunks(fileKey, nonce, CHUNK_BYTES + TAG_BYTES, (key, iv, chunk) => {
    if (chunk.length < TAG_BYTES) throw new Error('the encrypted stream is cut off');
    const isFirst = iv.readUIntBE(5, 6) === 0;
    if (chunk.length === TAG_BYTES && !isFirst)
      throw new Error('the encrypted stream ends with an empty chunk');
    const decipher = createDecipheriv(ALGORITHM, key, iv, OPTIONS);
    const sealedAt = chunk.length - TAG_BYTES;
    decipher.setAuthTag(chunk.subarray(sealedAt));
    return Buffer.concat([decipher.update(chunk.subarray(0, sealedAt)), decipher.final()]);
  });
