import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';

const gzipLater = promisify(gzip);

/**
 * Less than half the time of level 6 with a window of 32 KiB, for a tenth more bytes of logs and a fifth more of program text: the
 * tables of a smaller window stay in a processor's cache, and take half the memory.
 */
const SETTINGS = { level: 2, windowBits: 14 } as const;
/** As many as Node has threads for it: each takes a quarter of a megabyte from when it is asked for, and thousands may be. */
const AT_ONCE = 4;
/** What is smaller is compressed sooner than it is handed to another thread. */
const SMALL_BYTES = 8_192;
/** zlib hands its output out in pieces, each of which comes back from another thread: few of them. */
const LEAST_PIECE_BYTES = 4_096;

/** Compresses pieces of content, a few at a time. */
export class Compressor {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** The content compressed by gzip; undefined when that makes it no smaller. */
  async pack(content: Buffer): Promise<Buffer | undefined> {
    const packed = content.length < SMALL_BYTES ? gzipSync(content, SETTINGS) : await this.later(content);
    return packed.length < content.length ? packed : undefined;
  }

  private async later(content: Buffer): Promise<Buffer> {
    if (this.running >= AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      const chunkSize = Math.max(LEAST_PIECE_BYTES, content.length >> 2);
      return await gzipLater(content, { ...SETTINGS, chunkSize });
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}
