import type { Readable } from 'node:stream';
import { EXIT } from '../../contract/exit-codes';
import { Stop } from '../stop';

/** How long the other side may take for one line or one piece of data: whoever trickles is sent away. Milliseconds. */
export const PATIENCE_MS = 300_000;

/** Reads lines and counted bytes off a stream, and never holds more of it than was asked for and one piece. */
export class ByteReader {
  private readonly pieces: AsyncIterator<Buffer, undefined>;
  private held: Buffer = Buffer.alloc(0);
  private ended = false;

  constructor(
    stream: Readable,
    private readonly patienceMs: number = PATIENCE_MS,
  ) {
    this.pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  }

  /**
   * The next line without its end; undefined at the end of the stream.
   *
   * @throws Stop when it is longer than `limit` bytes, takes too long, or breaks off
   */
  async line(limit: number): Promise<string | undefined> {
    const late = performance.now() + this.patienceMs;
    for (let from = 0; ;) {
      const end = this.held.indexOf(0x0a, from);
      if (end !== -1 && end <= limit) return this.cut(end, 1).toString('utf8');
      if (this.held.length > limit) throw new Stop(EXIT.usage, `A line is longer than ${limit} bytes.`);
      from = this.held.length;
      if (!(await this.more(late))) {
        if (this.held.length === 0) return undefined;
        throw new Stop(EXIT.unavailable, 'The line was cut in the middle of a message.');
      }
    }
  }

  /**
   * Exactly so many bytes.
   *
   * @throws Stop when they take too long, or the stream ends before
   */
  async exactly(count: number): Promise<Buffer> {
    const late = performance.now() + this.patienceMs;
    const parts = [this.held];
    for (let have = this.held.length; have < count; have += this.held.length) {
      if (!(await this.next(late)))
        throw new Stop(EXIT.unavailable, 'The line was cut in the middle of a file.');
      parts.push(this.held);
    }
    this.held = parts.length === 1 ? this.held : Buffer.concat(parts);
    return this.cut(count, 0);
  }

  private cut(at: number, skip: number): Buffer {
    const taken = this.held.subarray(0, at);
    this.held = this.held.subarray(at + skip);
    return taken;
  }

  private async more(late: number): Promise<boolean> {
    const before = this.held;
    if (!(await this.next(late))) {
      this.held = before;
      return false;
    }
    if (before.length > 0) this.held = Buffer.concat([before, this.held]);
    return true;
  }

  /** Puts the next piece in the place of what is held. */
  private async next(late: number): Promise<boolean> {
    if (this.ended) return false;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => {
          reject(
            new Stop(EXIT.unavailable, `Nothing whole came within ${Math.round(this.patienceMs / 1000)} s.`),
          );
        },
        Math.max(0, late - performance.now()),
      );
    });
    try {
      const { done, value } = await Promise.race([this.pieces.next(), tooLate]);
      this.ended = done === true;
      if (done === true) return false;
      this.held = value;
      return true;
    } finally {
      clearTimeout(timer);
    }
  }
}
