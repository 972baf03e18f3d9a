/** Commands of smux version 1. Source: github.com/xtaci/smux, frame.go. */
export const COMMAND = { open: 0, finish: 1, data: 2, nothing: 3 } as const;

const VERSION = 1;
/** Bytes: version, command, uint16 length, uint32 stream id; little-endian. */
const HEADER_BYTES = 8;
/**
 * Data in one frame. The default of smux is 32,768 (mux.go); this much, together with the header, fills 32 messages of
 * 1,024 bytes exactly.
 */
export const MAX_DATA_BYTES = 32 * 1_024 - HEADER_BYTES;

/** The bytes of a frame's header; `length` bytes of data follow. */
export function frameHeader(command: number, stream: number, length = 0): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt8(VERSION, 0);
  header.writeUInt8(command, 1);
  header.writeUInt16LE(length, 2);
  header.writeUInt32LE(stream, 4);
  return header;
}

/** The byte stream is no smux: it cannot be read any further. */
export class SmuxError extends Error {
  override readonly name = 'SmuxError';
}

/** What a {@link FrameReader} finds. */
export interface FrameHooks {
  open(stream: number): void;
  finish(stream: number): void;
  /** Bytes of a stream; one frame may come in several pieces. */
  data(stream: number, bytes: Buffer): void;
}

/** Reads frames out of a byte stream that comes in pieces of any size. */
export class FrameReader {
  private readonly header = Buffer.alloc(HEADER_BYTES);
  private headerBytes = 0;
  private stream = 0;
  private dataLeft = 0;

  constructor(private readonly hooks: FrameHooks) {}

  /** @throws SmuxError */
  read(piece: Buffer): void {
    let at = 0;
    while (at < piece.length) {
      const rest = piece.subarray(at);
      at += this.dataLeft > 0 ? this.readData(rest) : this.readHeader(rest);
    }
  }

  private readData(rest: Buffer): number {
    const data = rest.subarray(0, this.dataLeft);
    this.dataLeft -= data.length;
    this.hooks.data(this.stream, data);
    return data.length;
  }

  private readHeader(rest: Buffer): number {
    const copied = rest.copy(this.header, this.headerBytes, 0, HEADER_BYTES - this.headerBytes);
    this.headerBytes += copied;
    if (this.headerBytes < HEADER_BYTES) return copied;
    this.headerBytes = 0;
    this.begin(this.header.readUInt8(1), this.header.readUInt16LE(2), this.header.readUInt32LE(4));
    return copied;
  }

  private begin(command: number, length: number, stream: number): void {
    const version = this.header.readUInt8(0);
    if (version !== VERSION) throw new SmuxError(`smux version ${version}, only ${VERSION} is spoken here`);
    if (command !== COMMAND.data && length !== 0)
      throw new SmuxError(`smux command ${command} with ${length} bytes of data`);
    if (command === COMMAND.open) this.hooks.open(stream);
    else if (command === COMMAND.finish) this.hooks.finish(stream);
    else if (command === COMMAND.data) [this.stream, this.dataLeft] = [stream, length];
    else if (command !== COMMAND.nothing) throw new SmuxError(`unknown smux command ${command}`);
  }
}
