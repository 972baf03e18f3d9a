import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';

/** Bytes handed to the WebSocket and not yet to the system, beyond which it is better to wait. */
const CONGESTED_BYTES = 256 * 1_024;

/** Milliseconds for the other side to answer the closing. */
const CLOSE_MS = 1_000;

/** What a {@link FrameSocket} tells its owner. */
export interface FrameSocketHooks {
  /** A binary frame. */
  frame(bytes: Buffer): void;
  /** A congested socket has room again. */
  roomAgain(): void;
  /** The connection is gone; told once. */
  lost(why: string): void;
}

/**
 * An open WebSocket as the data channel uses it: binary frames, written in batches, with the room left known, reading that
 * can be stopped, and a way to tell whether the other side is still there.
 */
export class FrameSocket {
  private corked = false;
  private congested = false;
  private gone = false;
  private deaf = false;
  private heardAt = Date.now();

  /** @param raw - the connection below the WebSocket */
  constructor(
    private readonly socket: WebSocket,
    private readonly raw: Duplex,
    private readonly hooks: FrameSocketHooks,
  ) {
    socket.on('message', (data, isBinary) => {
      this.heardAt = Date.now();
      if (isBinary && !this.gone) hooks.frame(asBuffer(data));
    });
    socket.on('pong', () => (this.heardAt = Date.now()));
    socket.on('ping', () => (this.heardAt = Date.now()));
    socket.on('error', (error) => {
      this.lose(error.message);
    });
    socket.on('close', (code, reason) => {
      this.lose(`closed with code ${code} ${reason.toString()}`.trim());
    });
  }

  /** Whether a frame can be sent now. */
  get isReady(): boolean {
    return !this.gone && !this.congested && !this.deaf;
  }

  /** Milliseconds since anything was heard; 0 while reading is stopped, since then nothing can be. */
  get silentMs(): number {
    return this.deaf ? 0 : Date.now() - this.heardAt;
  }

  send(frame: Buffer): void {
    if (this.gone) return;
    this.cork();
    this.congested ||= this.socket.bufferedAmount > CONGESTED_BYTES;
    if (!this.congested) {
      this.socket.send(frame);
      return;
    }
    this.socket.send(frame, () => {
      if (!this.congested || this.socket.bufferedAmount > CONGESTED_BYTES) return;
      this.congested = false;
      this.hooks.roomAgain();
    });
  }

  ping(): void {
    // The text of the official client's pings (src/communicator/websocketchannel.go).
    if (!this.gone) this.socket.ping('keepalive');
  }

  /** Stops reading, or goes on. While stopped, nothing is sent either: its acknowledgement could not be read. */
  listen(listening: boolean): void {
    if (this.deaf === !listening || this.gone) return;
    this.deaf = !listening;
    if (this.deaf) {
      this.socket.pause();
      return;
    }
    this.heardAt = Date.now();
    this.socket.resume();
    this.hooks.roomAgain();
  }

  /** Ends the connection, after what was sent; without waiting for the other side when `now`. */
  close(now = false): void {
    this.gone = true;
    this.socket.resume();
    if (now) {
      this.socket.terminate();
      return;
    }
    this.socket.close(1000);
    setTimeout(() => {
      this.socket.terminate();
    }, CLOSE_MS).unref();
  }

  /** Drops the connection because it is dead: tells the owner that it is lost. */
  abandon(why: string): void {
    this.lose(why);
    this.socket.terminate();
  }

  private cork(): void {
    if (this.corked) return;
    this.corked = true;
    this.raw.cork();
    process.nextTick(() => {
      this.corked = false;
      this.raw.uncork();
    });
  }

  private lose(why: string): void {
    if (this.gone) return;
    this.gone = true;
    this.hooks.lost(why);
  }
}

function asBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
