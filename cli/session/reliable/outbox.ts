import { PAYLOAD_TYPE } from '../wire/message';

/** One payload, ready to become one message. */
export interface Payload {
  readonly payloadType: number;
  readonly bytes: Buffer;
}

/**
 * Payloads that wait for their turn. Bytes of the session (`output`) are one stream: they are cut anew into payloads of
 * `limit` bytes, whatever pieces they came in. Everything else stays whole and in its place.
 */
export class Outbox {
  private readonly queue: Payload[] = [];
  private head = 0;
  private offset = 0;
  private bytes = 0;

  constructor(private readonly limit: number) {}

  /** Bytes that wait. */
  get waitingBytes(): number {
    return this.bytes;
  }

  get isEmpty(): boolean {
    return this.head === this.queue.length;
  }

  push(payload: Payload): void {
    if (payload.payloadType === PAYLOAD_TYPE.output && payload.bytes.length === 0) return;
    this.queue.push(payload);
    this.bytes += payload.bytes.length;
  }

  /** The next payload, or undefined when nothing waits. */
  shift(): Payload | undefined {
    const first = this.queue[this.head];
    if (first === undefined) return undefined;
    if (first.payloadType !== PAYLOAD_TYPE.output) {
      this.advance(first.bytes.length, first);
      return first;
    }
    return { payloadType: first.payloadType, bytes: this.takeStream() };
  }

  private takeStream(): Buffer {
    const pieces: Buffer[] = [];
    let taken = 0;
    for (let entry = this.queue[this.head]; entry !== undefined; entry = this.queue[this.head]) {
      if (entry.payloadType !== PAYLOAD_TYPE.output || taken === this.limit) break;
      const piece = entry.bytes.subarray(this.offset, this.offset + this.limit - taken);
      pieces.push(piece);
      taken += piece.length;
      this.advance(piece.length, entry);
    }
    const [only] = pieces;
    return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces, taken);
  }

  private advance(length: number, entry: Payload): void {
    this.bytes -= length;
    this.offset += length;
    if (this.offset < entry.bytes.length) return;
    this.offset = 0;
    this.head += 1;
    // Cheap on the whole: the array is cut only when most of it has been used up.
    if (this.head <= 256 || this.head * 2 <= this.queue.length) return;
    this.queue.splice(0, this.head);
    this.head = 0;
  }
}
