import { createHash } from 'node:crypto';
import { gunzip } from 'node:zlib';
import type { StoredForm } from './packs';

interface Unpacked {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** zlib takes no smaller ones. */
const LEAST_PIECE_BYTES = 64;

/** With `info` Node says how much of the input it used: whatever follows the first member would be stored unseen. */
function inflate(bytes: Buffer, limit: number): Promise<Unpacked | undefined> {
  return new Promise((resolve) => {
    // One piece has room for all of it: each is a way to another thread and back.
    const options = { maxOutputLength: limit, chunkSize: LEAST_PIECE_BYTES + limit, info: true };
    gunzip(bytes, options, (error, result) => {
      resolve(error === null ? (result as unknown as Unpacked) : undefined);
    });
  });
}

/**
 * The content of a chunk, if it is what was announced.
 *
 * @returns the content, or why it is refused
 */
export async function unpack(
  { bytes, encoding }: StoredForm,
  announced: { readonly sha256: string; readonly bytes: number },
): Promise<Buffer | string> {
  let content = bytes;
  if (encoding === 'gzip') {
    const unpacked = await inflate(bytes, announced.bytes);
    if (unpacked === undefined) return 'the data do not unpack to what was announced';
    if (unpacked.engine.bytesWritten !== bytes.length) return 'the data hold more than the file';
    content = unpacked.buffer;
  }
  if (content.length !== announced.bytes)
    return `${announced.bytes} bytes were announced, ${content.length} came`;
  const sha256 = createHash('sha256').update(content).digest('hex');
  return sha256 === announced.sha256 ? content : 'the content is not what its SHA-256 announced';
}
