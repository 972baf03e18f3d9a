import { hash, randomFillSync } from 'node:crypto';

/**
 * Message types of the data channel, written into 32 bytes padded with spaces.
 * Source: aws/session-manager-plugin, src/message/clientmessage.go.
 */
export const MESSAGE_TYPE = {
  /** Client to agent. */
  input: 'input_stream_data',
  /** Agent to client. */
  output: 'output_stream_data',
  acknowledge: 'acknowledge',
  channelClosed: 'channel_closed',
  startPublication: 'start_publication',
  pausePublication: 'pause_publication',
} as const;

/** Meaning of a stream message's payload. Source: aws/session-manager-plugin, src/message/clientmessage.go. */
export const PAYLOAD_TYPE = {
  /** Bytes of the session, in both directions. */
  output: 1,
  error: 2,
  /** JSON `{"cols":…,"rows":…}` of the client's terminal. */
  size: 3,
  handshakeRequest: 5,
  handshakeResponse: 6,
  handshakeComplete: 7,
  encryptionChallenge: 8,
  encryptionChallengeAnswer: 9,
  /** One of {@link FLAG} as big-endian uint32. */
  flag: 10,
  standardError: 11,
  /** Decimal text. */
  exitCode: 12,
} as const;

/** Values of a payload of type `flag`. Source: aws/session-manager-plugin, src/message/clientmessage.go. */
export const FLAG = { disconnectPort: 1, terminateSession: 2, connectToPortFailed: 3 } as const;

/** Bit 0 of a message's flags: first message of a stream (the agent sets it). */
export const SYN = 1;
/** Flags of an acknowledge: bits 0 and 1. Source: aws/session-manager-plugin, src/message/messageparser.go. */
export const ACKNOWLEDGE_FLAGS = 3;

/** Offsets in bytes; numbers are big-endian. Source: aws/session-manager-plugin, src/message/clientmessage.go. */
const AT = {
  type: 4,
  version: 36,
  created: 40,
  sequence: 48,
  flags: 56,
  id: 64,
  digest: 80,
  payloadType: 112,
};
/** Where the payload length stands, and the value of the header-length field. */
const HEADER_LENGTH = 116;
const PAYLOAD_AT = HEADER_LENGTH + 4;
const TYPE_BYTES = 32;
const DIGEST_BYTES = 32;
const WORD = 0x1_0000_0000;

/** What does not change from message to message of a type: header length, type, version. */
function headOf(type: string): Buffer {
  const head = Buffer.alloc(AT.created);
  head.writeUInt32BE(HEADER_LENGTH, 0);
  head.write(type.padEnd(TYPE_BYTES, ' '), AT.type, TYPE_BYTES, 'latin1');
  head.writeUInt32BE(1, AT.version);
  return head;
}

/** The heads of the known types, made once: a message of 1,024 bytes takes microseconds, and each counts. */
const HEADS = new Map<string, Buffer>(Object.values(MESSAGE_TYPE).map((type) => [type, headOf(type)]));
/** The known types by the first letter, which no two share. */
const BY_LETTER = new Map<number, { readonly type: string; readonly head: Buffer }>(
  [...HEADS].map(([type, head]) => [head.readUInt8(AT.type), { type, head }]),
);

/** One binary frame of the data channel. */
export interface Message {
  readonly type: string;
  /** Number of a stream message, from 0; of no meaning for others. */
  readonly sequence: number;
  readonly flags: number;
  /** UUID as it stands on the wire: its low eight bytes first (messageparser.go, putUuid). */
  readonly id: Buffer;
  /** One of {@link PAYLOAD_TYPE}; numbers that are not listed are let through. */
  readonly payloadType: number;
  readonly payload: Buffer;
}

/** A frame that is no message of the data channel; the text says what is wrong with it. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** Randomness is drawn for many ids at once: asking for each costs more than everything else about a message. */
const POOL_BYTES = 16 * 256;
let pool = Buffer.alloc(0);

/** A random UUID (version 4) as it stands on the wire. */
export function newMessageId(): Buffer {
  if (pool.length === 0) pool = randomFillSync(Buffer.allocUnsafeSlow(POOL_BYTES));
  const id = pool.subarray(0, 16);
  pool = pool.subarray(16);
  id.writeUInt8((id.readUInt8(14) & 0x0f) | 0x40, 14);
  id.writeUInt8((id.readUInt8(0) & 0x3f) | 0x80, 0);
  return id;
}

/** The 36 characters of a UUID given as it stands on the wire. */
export function idText(id: Buffer): string {
  const hex = id.toString('hex');
  const [low, high] = [hex.slice(0, 16), hex.slice(16)];
  return `${high.slice(0, 8)}-${high.slice(8, 12)}-${high.slice(12)}-${low.slice(0, 4)}-${low.slice(4)}`;
}

/** The bytes of one frame; the payload is copied. */
export function encodeMessage(message: Message): Buffer {
  const { payload } = message;
  const bytes = Buffer.allocUnsafe(PAYLOAD_AT + payload.length);
  bytes.set(HEADS.get(message.type) ?? headOf(message.type), 0);
  writeUInt64(bytes, Date.now(), AT.created);
  writeUInt64(bytes, message.sequence, AT.sequence);
  writeUInt64(bytes, message.flags, AT.flags);
  bytes.set(message.id, AT.id);
  // As a string of bytes: the cheapest form in which Node hands over a digest.
  bytes.write(hash('sha256', payload, 'binary'), AT.digest, DIGEST_BYTES, 'latin1');
  writeUInt32(bytes, message.payloadType, AT.payloadType);
  writeUInt32(bytes, payload.length, HEADER_LENGTH);
  bytes.set(payload, PAYLOAD_AT);
  return bytes;
}

/**
 * Reads one frame. The payload is a view into `bytes`.
 *
 * `start_publication` and `pause_publication` come from the service and are believed without a digest, as the official
 * client does (src/message/messageparser.go, Validate).
 *
 * @throws MalformedMessage for anything else than a whole message whose payload has the digest it names
 */
export function decodeMessage(bytes: Buffer): Message {
  if (bytes.length < PAYLOAD_AT)
    throw new MalformedMessage(`a message has ${PAYLOAD_AT} bytes or more, this one ${bytes.length}`);
  const type = typeOf(bytes);
  const isNotice = type === MESSAGE_TYPE.startPublication || type === MESSAGE_TYPE.pausePublication;
  return {
    type,
    sequence: readUInt64(bytes, AT.sequence, 'sequence number'),
    flags: readUInt32(bytes, AT.flags + 4),
    id: bytes.subarray(AT.id, AT.digest),
    payloadType: readUInt32(bytes, AT.payloadType),
    payload: isNotice ? bytes.subarray(PAYLOAD_AT) : checkedPayload(bytes),
  };
}

function typeOf(bytes: Buffer): string {
  const known = BY_LETTER.get(bytes[AT.type] ?? 0);
  if (known !== undefined && isSame(bytes, known.head, AT.type, AT.version)) return known.type;
  return bytes.toString('latin1', AT.type, AT.version).replace(/[\0 ]+$/, '');
}

function isSame(one: Buffer, other: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

function checkedPayload(bytes: Buffer): Buffer {
  const headerLength = readUInt32(bytes, 0);
  if (headerLength < HEADER_LENGTH || headerLength + 4 > bytes.length)
    throw new MalformedMessage(`header length ${headerLength} in a frame of ${bytes.length} bytes`);
  const payload = bytes.subarray(headerLength + 4);
  const length = readUInt32(bytes, headerLength);
  if (length !== payload.length)
    throw new MalformedMessage(`payload length ${length}, but ${payload.length} bytes follow the header`);
  if (length === 0) return payload;
  if (hash('sha256', payload, 'binary') !== bytes.toString('latin1', AT.digest, AT.digest + DIGEST_BYTES))
    throw new MalformedMessage('the payload does not have the SHA-256 digest that the header names');
  return payload;
}

/** Byte by byte, which is compiled to less than Node's own checked ones. Numbers are cut to 32 bits. */
function writeUInt32(bytes: Buffer, value: number, at: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function readUInt32(bytes: Buffer, at: number): number {
  const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16);
  return (high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}

function writeUInt64(bytes: Buffer, value: number, at: number): void {
  writeUInt32(bytes, Math.floor(value / WORD), at);
  writeUInt32(bytes, value % WORD, at + 4);
}

function readUInt64(bytes: Buffer, at: number, what: string): number {
  const value = readUInt32(bytes, at) * WORD + readUInt32(bytes, at + 4);
  if (!Number.isSafeInteger(value)) throw new MalformedMessage(`${what} ${value} is out of range`);
  return value;
}
