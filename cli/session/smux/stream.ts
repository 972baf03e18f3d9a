import { Duplex } from 'node:stream';

/** What a {@link MuxStream} needs from its mux. */
export interface StreamHooks {
  /** Sends bytes; `done` when more may come. */
  data(bytes: Buffer, done: () => void): void;
  /** Tells the other end that this one is done with the stream. */
  finish(): void;
  /** So many more bytes (or fewer, below 0) are kept because nobody has read them. */
  held(bytes: number): void;
  /** The stream is over at both ends or given up. */
  over(): void;
}

/**
 * One stream of a {@link Mux}, usable as any duplex stream.
 *
 * In smux version 1 there is no half-closing: an end that has sent `finish` takes nothing more on that stream
 * (github.com/xtaci/smux v1.5.15 and the agent's use of it, port_mux.go, handleDataTransfer). So after the other end's
 * `finish`, what is written here is thrown away.
 */
export class MuxStream extends Duplex {
  private incoming: Buffer[] = [];
  private incomingBytes = 0;
  private wanted = false;
  private scheduled = false;
  private otherFinished = false;
  private sentFinish = false;
  private readSinceLook = false;
  private wasFull = false;
  /** Bytes that have come from the other end. */
  receivedBytes = 0;

  constructor(
    readonly id: number,
    private readonly hooks: StreamHooks,
  ) {
    super({ allowHalfOpen: true, autoDestroy: true });
  }

  /** Whether the other end is done with the stream. */
  get isFinishedByOther(): boolean {
    return this.otherFinished;
  }

  /** Bytes from the other end. */
  receive(bytes: Buffer): void {
    if (this.destroyed || this.otherFinished) return;
    this.incoming.push(bytes);
    this.incomingBytes += bytes.length;
    this.receivedBytes += bytes.length;
    this.hooks.held(bytes.length);
    this.schedule();
  }

  /** @returns whether, at the last look and at this one, more than `bytes` were kept here, and nothing was read in between */
  isStuckSinceLook(bytes: number): boolean {
    const isFull = this.incomingBytes > bytes;
    const isStuck = isFull && this.wasFull && !this.readSinceLook;
    [this.wasFull, this.readSinceLook] = [isFull, false];
    return isStuck;
  }

  /** The other end is done. */
  finished(): void {
    this.otherFinished = true;
    this.schedule();
  }

  override _read(): void {
    this.wanted = true;
    this.schedule();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.otherFinished) done();
    else
      this.hooks.data(chunk, () => {
        done();
      });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.sayFinished();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.sayFinished();
    this.hooks.held(-this.incomingBytes);
    this.incoming = [];
    this.incomingBytes = 0;
    this.hooks.over();
    done(error);
  }

  /** Pieces of 1,024 bytes are handed on together: one write to a socket instead of many. */
  private schedule(): void {
    if (this.scheduled || !this.wanted || this.destroyed) return;
    if (this.incoming.length === 0 && !this.otherFinished) return;
    this.scheduled = true;
    process.nextTick(() => {
      this.scheduled = false;
      this.handOn();
    });
  }

  private handOn(): void {
    if (!this.wanted || this.destroyed) return;
    this.wanted = false;
    this.readSinceLook = true;
    const bytes = Buffer.concat(this.incoming, this.incomingBytes);
    this.incoming = [];
    this.incomingBytes = 0;
    this.hooks.held(-bytes.length);
    if (bytes.length > 0) this.push(bytes);
    if (this.otherFinished) this.push(null);
  }

  private sayFinished(): void {
    if (this.sentFinish) return;
    this.sentFinish = true;
    this.hooks.finish();
  }
}
