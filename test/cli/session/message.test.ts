import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { acknowledgedSequence, encodeAcknowledge } from '../../../cli/session/wire/acknowledge';
import {
  MESSAGE_TYPE,
  MalformedMessage,
  decodeMessage,
  encodeMessage,
  idText,
  newMessageId,
  type Message,
} from '../../../cli/session/wire/message';

/** 00112233-4455-6677-8899-aabbccddeeff. */
const ID = Buffer.from('8899aabbccddeeff0011223344556677', 'hex');
const example: Message = {
  type: MESSAGE_TYPE.input,
  sequence: 0x1_0000_0002,
  flags: 1,
  id: ID,
  payloadType: 1,
  payload: Buffer.from('hello'),
};

const messages = fc.record({
  type: fc.constantFrom(MESSAGE_TYPE.input, MESSAGE_TYPE.output, MESSAGE_TYPE.acknowledge),
  sequence: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  flags: fc.nat({ max: 0xffffffff }),
  id: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
  payloadType: fc.nat({ max: 0xffffffff }),
  payload: fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
});

/** What decoding made of bytes: a message, or the refusal. Anything else is thrown. */
function decoded(bytes: Buffer): Message | MalformedMessage {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    if (error instanceof MalformedMessage) return error;
    throw error;
  }
}

describe('a message on the wire', () => {
  const bytes = encodeMessage(example);

  it('has each field where the official client reads it', () => {
    expect(bytes.length).toBe(120 + 5);
    expect(bytes.readUInt32BE(0)).toBe(116);
    expect(bytes.toString('latin1', 4, 36)).toBe('input_stream_data'.padEnd(32, ' '));
    expect(bytes.readUInt32BE(36)).toBe(1);
    expect(bytes.readBigUInt64BE(48)).toBe(0x1_0000_0002n);
    expect(bytes.readBigUInt64BE(56)).toBe(1n);
    expect(bytes.toString('hex', 80, 112)).toBe(createHash('sha256').update('hello').digest('hex'));
    expect(bytes.readUInt32BE(112)).toBe(1);
    expect(bytes.readUInt32BE(116)).toBe(5);
    expect(bytes.toString('utf8', 120)).toBe('hello');
  });

  it('says when it was made, in milliseconds', () => {
    const created = Number(bytes.readBigUInt64BE(40));
    expect(created).toBeGreaterThan(Date.UTC(2020, 0));
    expect(created).toBeLessThanOrEqual(Date.now());
  });

  it('puts the low half of its id first', () => {
    expect(bytes.toString('hex', 64, 80)).toBe('8899aabbccddeeff0011223344556677');
    expect(idText(decodeMessage(bytes).id)).toBe('00112233-4455-6677-8899-aabbccddeeff');
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(decodeMessage(encodeMessage(message))).toEqual(message);
      }),
    );
  });

  it('gets ids that are UUIDs of version 4', () => {
    const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    for (let count = 0; count < 100; count += 1) expect(idText(newMessageId())).toMatch(pattern);
  });
});

describe('reading what is no message', () => {
  it('refuses random bytes and nothing worse', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(decoded(Buffer.from(bytes))).toBeInstanceOf(MalformedMessage);
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds every changed bit of the payload and its digest', () => {
    const bytes = encodeMessage(example);
    for (let at = 80; at < bytes.length; at += 1) {
      if (at >= 112 && at < 116) continue; // The payload type is not covered by the digest.
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(decoded(changed)).toBeInstanceOf(MalformedMessage);
    }
  });

  it('refuses every truncation', () => {
    const bytes = encodeMessage(example);
    for (let length = 0; length < bytes.length; length += 1)
      expect(decoded(bytes.subarray(0, length))).toBeInstanceOf(MalformedMessage);
  });

  it('refuses sequence numbers that no number can hold', () => {
    const bytes = encodeMessage(example);
    bytes.fill(0xff, 48, 56);
    expect(() => decodeMessage(bytes)).toThrow('out of range');
  });

  it('believes the service about publication without a digest', () => {
    const bytes = encodeMessage({ ...example, type: MESSAGE_TYPE.pausePublication });
    bytes.fill(0, 80, 120);
    expect(decodeMessage(bytes).type).toBe('pause_publication');
  });
});

describe('an acknowledge', () => {
  it('names type, id and number of what it acknowledges', () => {
    const acknowledge = decodeMessage(encodeAcknowledge(example));
    expect(acknowledge).toMatchObject({ type: 'acknowledge', flags: 3, sequence: 0 });
    expect(JSON.parse(acknowledge.payload.toString('utf8'))).toEqual({
      AcknowledgedMessageType: 'input_stream_data',
      AcknowledgedMessageId: '00112233-4455-6677-8899-aabbccddeeff',
      AcknowledgedMessageSequenceNumber: 0x1_0000_0002,
      IsSequentialMessage: true,
    });
    expect(acknowledgedSequence(acknowledge.payload)).toBe(0x1_0000_0002);
  });

  it.each([
    '',
    '[]',
    'null',
    '{}',
    '{"AcknowledgedMessageSequenceNumber":"1"}',
    '{"AcknowledgedMessageSequenceNumber":-1}',
  ])('is refused as %j', (text) => {
    expect(() => acknowledgedSequence(Buffer.from(text))).toThrow(MalformedMessage);
  });
});
