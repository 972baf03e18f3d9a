import { createInflateRaw, type InflateRaw } from 'node:zlib';
import type { Finding } from './finding';

/** An archive may unpack to so many times its own size, beyond what any archive may. */
export const LARGEST_RATIO = 200;
const ALWAYS_FINE_BYTES = 64 * 1024 ** 2;
const LARGEST_BYTES = 100 * 1024 ** 3;

/** https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.12: central directory header. */
const CENTRAL = Buffer.from('PK\x01\x02', 'latin1');
const CENTRAL_BYTES = 46;
const UNPACKED_AT = 24;
/** Stands for a size of 4 GiB or more, which an extra field holds. */
const ZIP64 = 0xff_ff_ff_ff;

const found = (unpacked: number, archived: number): Finding[] => {
  const limit = Math.min(Math.max(ALWAYS_FINE_BYTES, archived * LARGEST_RATIO), LARGEST_BYTES);
  if (unpacked <= limit) return [];
  const times = Math.floor(unpacked / Math.max(1, archived));
  return [{ rule: 'bombs', reason: `the archive would unpack to at least ${times} times its size` }];
};

/** Adds up what a zip file says it unpacks to: its directory stands in the clear. Nothing is unpacked. */
export class ZipMeter {
  private tail: Buffer = Buffer.alloc(0);
  private unpacked = 0;

  /** @param archivedBytes - size of the whole archive */
  constructor(private readonly archivedBytes: number) {}

  take(chunk: Buffer): Finding[] {
    const content = Buffer.concat([this.tail, chunk]);
    let at = content.indexOf(CENTRAL);
    for (
      ;
      at !== -1 && at + CENTRAL_BYTES <= content.length;
      at = content.indexOf(CENTRAL, at + CENTRAL_BYTES)
    ) {
      const size = content.readUInt32LE(at + UNPACKED_AT);
      this.unpacked += size === ZIP64 ? LARGEST_BYTES : size;
    }
    this.tail = Buffer.from(content.subarray(at === -1 ? Math.max(0, content.length - 3) : at));
    return found(this.unpacked, this.archivedBytes);
  }
}

const FLAGS_AT = 3;
const [HEADER_CHECK, EXTRA, NAME, COMMENT] = [2, 4, 8, 16];

/** Bytes of a gzip header (RFC 1952); undefined when the chunk does not hold all of it. */
export function gzipHeaderBytes(content: Buffer): number | undefined {
  if (content.length < 10) return undefined;
  const flags = content[FLAGS_AT] ?? 0;
  let at = 10;
  if ((flags & EXTRA) !== 0) at += 2 + (at + 2 <= content.length ? content.readUInt16LE(at) : content.length);
  for (const part of [NAME, COMMENT]) {
    if ((flags & part) === 0) continue;
    const end = at < content.length ? content.indexOf(0, at) : -1;
    if (end === -1) return undefined;
    at = end + 1;
  }
  if ((flags & HEADER_CHECK) !== 0) at += 2;
  return at < content.length ? at : undefined;
}

/**
 * Counts what the beginning of a gzip file unpacks to, a few KiB at a time that are thrown away, and stops at the limit:
 * gzip keeps no sum that could be believed. Looks at the first member and the first chunk, which is where a bomb is.
 */
export async function gzipBomb(chunk: Buffer): Promise<Finding[]> {
  const header = gzipHeaderBytes(chunk);
  if (header === undefined) return [];
  const inflate = createInflateRaw();
  const limit = Math.max(ALWAYS_FINE_BYTES, chunk.length * LARGEST_RATIO);
  return found(await countUpTo(limit, inflate, chunk.subarray(header)), chunk.length);
}

function countUpTo(limit: number, inflate: InflateRaw, content: Buffer): Promise<number> {
  return new Promise((resolve) => {
    let unpacked = 0;
    const done = (): void => {
      inflate.destroy();
      resolve(unpacked);
    };
    inflate.on('data', (piece: Buffer) => {
      unpacked += piece.length;
      if (unpacked > limit) done();
    });
    // What is broken or cut off unpacks to no more than was counted.
    inflate.once('error', done);
    inflate.once('end', done);
    inflate.end(content);
  });
}
