import { COMMAND, FrameReader, MAX_DATA_BYTES, frameHeader } from './frames';
import { MuxStream } from './stream';

/** Bytes kept for readers that are slow, over all streams, before reading stops. The default of smux (mux.go). */
const MAX_HELD_BYTES = 4_194_304;
const RESUME_HELD_BYTES = MAX_HELD_BYTES / 2;
/** Milliseconds between keep-alives, where they are wanted, and without hearing anything. The defaults of smux (mux.go). */
const KEEP_ALIVE_MS = 10_000;
const KEEP_ALIVE_TIMEOUT_MS = 30_000;
/** Bytes kept over all streams before reading stops, where one that nobody reads is given up instead. */
const MAX_HELD_BESIDE_OTHERS_BYTES = 8 * MAX_HELD_BYTES;
/** How often is looked for streams that nobody reads; one that was not read from one look to the next is given up. */
const STUCK_MS = 5_000;

/** What a {@link Mux} needs from its surroundings. */
export interface MuxHooks {
  /** Sends bytes. @returns false when the caller should wait until {@link Mux.drained} is called */
  write(bytes: Buffer): boolean;
  /** Asks for reading to stop (or to go on), because nobody takes what was read. */
  listen(listening: boolean): void;
  /** The other end has sent nothing, not even a keep-alive, for {@link KEEP_ALIVE_TIMEOUT_MS}. */
  silent?(): void;
  /** A stream was given up, because nobody read it while others waited. */
  stuck?(stream: MuxStream): void;
  /** The other end has opened a stream; absent where only this end opens them. */
  accept?(stream: MuxStream): void;
}

/** How a {@link Mux} behaves. */
export interface MuxOptions {
  /** Whether to send and expect keep-alives. */
  readonly keepAlive: boolean;
  /**
   * Whether a stream that nobody reads is given up rather than hold up the others. smux itself lets it (and all of them) wait,
   * once {@link MAX_HELD_BYTES} are kept.
   */
  readonly givesUpStuck?: boolean;
}

/**
 * Many streams in one byte stream: smux version 1 (github.com/xtaci/smux). It has no flow control for one stream: whatever
 * comes for a stream that nobody reads has to be kept, or else nothing can be read for the others either.
 */
export class Mux {
  private readonly streams = new Map<number, MuxStream>();
  private readonly reader: FrameReader;
  private readonly waiting: (() => void)[] = [];
  private nextId = 1;
  private held = 0;
  private deaf = false;
  private full = false;
  private readonly timers: NodeJS.Timeout[] = [];
  private heard = true;

  constructor(
    private readonly hooks: MuxHooks,
    private readonly options: MuxOptions,
  ) {
    this.reader = new FrameReader({
      open: (id) => {
        this.opened(id);
      },
      finish: (id) => this.streams.get(id)?.finished(),
      data: (id, bytes) => this.streams.get(id)?.receive(bytes),
    });
    if (options.keepAlive) {
      this.every(KEEP_ALIVE_MS, () => hooks.write(frameHeader(COMMAND.nothing, 0)));
      this.every(KEEP_ALIVE_TIMEOUT_MS, () => {
        this.checkHeard();
      });
    }
    if (options.givesUpStuck === true)
      this.every(STUCK_MS, () => {
        this.giveUpStuck();
      });
  }

  /** Streams that are not over yet. */
  get size(): number {
    return this.streams.size;
  }

  /** Opens a stream. Ids of a client are odd and begin with 3 (smux, session.go, OpenStream). */
  open(): MuxStream {
    this.nextId += 2;
    const stream = this.newStream(this.nextId);
    this.full = !this.hooks.write(frameHeader(COMMAND.open, this.nextId));
    return stream;
  }

  /** Bytes from the other end. @throws SmuxError when they are no smux */
  receive(bytes: Buffer): void {
    this.heard = true;
    this.reader.read(bytes);
  }

  /** The surroundings take bytes again. Streams take turns, in the order in which they had to wait. */
  drained(): void {
    this.full = false;
    for (let next = this.takeTurn(); next !== undefined; next = this.takeTurn()) next();
  }

  /** The other end is gone in good order: what it has sent is still handed on, then every stream ends. */
  finish(): void {
    this.stopTimers();
    for (const stream of this.streams.values()) stream.finished();
    this.full = false;
    this.drained();
  }

  /** Ends every stream; with `error`, those who use them are told. */
  close(error?: Error): void {
    this.stopTimers();
    for (const stream of [...this.streams.values()]) stream.destroy(error);
    this.streams.clear();
    this.waiting.length = 0;
  }

  private takeTurn(): (() => void) | undefined {
    return this.full ? undefined : this.waiting.shift();
  }

  private opened(id: number): void {
    if (this.hooks.accept === undefined || this.streams.has(id)) return;
    this.hooks.accept(this.newStream(id));
  }

  private newStream(id: number): MuxStream {
    const stream = new MuxStream(id, {
      data: (bytes, done) => {
        this.writeData(id, bytes, done);
      },
      finish: () => {
        this.full = !this.hooks.write(frameHeader(COMMAND.finish, id));
      },
      held: (bytes) => {
        this.hold(bytes);
      },
      over: () => this.streams.delete(id),
    });
    this.streams.set(id, stream);
    return stream;
  }

  /** Sends one frame's worth; the rest, and the news that all was sent, when it is this stream's turn again. */
  private writeData(id: number, bytes: Buffer, done: () => void): void {
    const data = bytes.subarray(0, MAX_DATA_BYTES);
    const rest = bytes.subarray(data.length);
    this.hooks.write(frameHeader(COMMAND.data, id, data.length));
    this.full = !this.hooks.write(data);
    const next = (): void => {
      if (rest.length === 0) done();
      else if (this.streams.has(id)) this.writeData(id, rest, done);
    };
    if (this.full) this.waiting.push(next);
    else next();
  }

  private hold(bytes: number): void {
    this.held += bytes;
    const others = this.options.givesUpStuck === true && this.streams.size > 1;
    const most = others ? MAX_HELD_BESIDE_OTHERS_BYTES : MAX_HELD_BYTES;
    if (!this.deaf && this.held > most) this.hooks.listen(!(this.deaf = true));
    else if (this.deaf && this.held < RESUME_HELD_BYTES) this.hooks.listen(!(this.deaf = false));
  }

  private every(milliseconds: number, act: () => void): void {
    this.timers.push(setInterval(act, milliseconds).unref());
  }

  private stopTimers(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  private checkHeard(): void {
    // While reading is stopped here, silence says nothing about the other end (session.go, keepalive).
    if (!this.heard && !this.deaf) this.hooks.silent?.();
    this.heard = false;
  }

  private giveUpStuck(): void {
    for (const stream of [...this.streams.values()]) {
      const isStuck = stream.isStuckSinceLook(MAX_HELD_BYTES);
      if (!isStuck || this.streams.size === 1) continue;
      this.hooks.stuck?.(stream);
      stream.destroy(new Error('nobody has read it while others waited'));
    }
  }
}
