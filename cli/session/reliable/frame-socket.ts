import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { FrameWriter } from './frame-writer';

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
  private readonly writer: FrameWriter;
  private flushing = false;
  private congested = false;
  private gone = false;
  private deaf = false;
  private heardAt = performance.now();

  /**
   * @param raw - the connection below the WebSocket
   * @param end - the client's end masks what it sends
   */
  constructor(
    private readonly socket: WebSocket,
    private readonly raw: Duplex,
    private readonly hooks: FrameSocketHooks,
    end: 'client' | 'server',
  ) {
    this.writer = new FrameWriter(end === 'client');
    socket.on('message', (data, isBinary) => {
      this.heardAt = performance.now();
      if (isBinary && !this.gone) hooks.frame(asBuffer(data));
    });
    socket.on('pong', () => (this.heardAt = performance.now()));
    socket.on('ping', () => (this.heardAt = performance.now()));
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
    return this.deaf ? 0 : performance.now() - this.heardAt;
  }

  send(frame: Buffer): void {
    if (this.gone) return;
    this.writer.add(frame);
    this.congested ||= this.raw.writableLength + this.writer.waitingBytes > CONGESTED_BYTES;
    if (this.writer.isFull) this.flush();
    else this.flushSoon();
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
    this.heardAt = performance.now();
    this.socket.resume();
    this.hooks.roomAgain();
  }

  /** Ends the connection, after what was sent; without waiting for the other side when `now`. */
  close(now = false): void {
    this.flush();
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

  private flushSoon(): void {
    if (this.flushing) return;
    this.flushing = true;
    process.nextTick(() => {
      this.flushing = false;
      this.flush();
    });
  }

  /** Whole frames only, so that those which the WebSocket writes itself (pings, the closing) fall between two of ours. */
  private flush(): void {
    if (this.writer.waitingBytes === 0 || this.raw.destroyed) return;
    this.raw.write(this.writer.take(), () => {
      if (!this.congested || this.raw.writableLength > CONGESTED_BYTES / 2) return;
      this.congested = false;
      if (!this.gone) this.hooks.roomAgain();
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
