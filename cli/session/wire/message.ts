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

const KNOWN_TYPES = new Map<string, string>(
  Object.values(MESSAGE_TYPE).map((type) => [type.padEnd(TYPE_BYTES, ' '), type]),
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
  bytes.writeUInt32BE(HEADER_LENGTH, 0);
  bytes.write(message.type.padEnd(TYPE_BYTES, ' '), AT.type, TYPE_BYTES, 'latin1');
  bytes.writeUInt32BE(1, AT.version);
  writeUInt64(bytes, Date.now(), AT.created);
  writeUInt64(bytes, message.sequence, AT.sequence);
  writeUInt64(bytes, message.flags, AT.flags);
  message.id.copy(bytes, AT.id, 0, 16);
  // As a string of bytes: the cheapest form in which Node hands over a digest.
  bytes.write(hash('sha256', payload, 'binary'), AT.digest, DIGEST_BYTES, 'latin1');
  bytes.writeUInt32BE(message.payloadType, AT.payloadType);
  bytes.writeUInt32BE(payload.length, HEADER_LENGTH);
  payload.copy(bytes, PAYLOAD_AT);
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
  const padded = bytes.toString('latin1', AT.type, AT.type + TYPE_BYTES);
  const type = KNOWN_TYPES.get(padded) ?? padded.replace(/[\0 ]+$/, '');
  const head = {
    type,
    sequence: readUInt64(bytes, AT.sequence, 'sequence number'),
    flags: bytes.readUInt32BE(AT.flags + 4),
    id: bytes.subarray(AT.id, AT.digest),
    payloadType: bytes.readUInt32BE(AT.payloadType),
  };
  if (type === MESSAGE_TYPE.startPublication || type === MESSAGE_TYPE.pausePublication)
    return { ...head, payload: bytes.subarray(PAYLOAD_AT) };
  return { ...head, payload: checkedPayload(bytes) };
}

function checkedPayload(bytes: Buffer): Buffer {
  const headerLength = bytes.readUInt32BE(0);
  if (headerLength < HEADER_LENGTH || headerLength + 4 > bytes.length)
    throw new MalformedMessage(`header length ${headerLength} in a frame of ${bytes.length} bytes`);
  const payload = bytes.subarray(headerLength + 4);
  const length = bytes.readUInt32BE(headerLength);
  if (length !== payload.length)
    throw new MalformedMessage(`payload length ${length}, but ${payload.length} bytes follow the header`);
  if (length === 0) return payload;
  if (hash('sha256', payload, 'binary') !== bytes.toString('latin1', AT.digest, AT.digest + DIGEST_BYTES))
    throw new MalformedMessage('the payload does not have the SHA-256 digest that the header names');
  return payload;
}

function writeUInt64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / WORD), at);
  bytes.writeUInt32BE(value % WORD, at + 4);
}

function readUInt64(bytes: Buffer, at: number, what: string): number {
  const value = bytes.readUInt32BE(at) * WORD + bytes.readUInt32BE(at + 4);
  if (!Number.isSafeInteger(value)) throw new MalformedMessage(`${what} ${value} is out of range`);
  return value;
}
