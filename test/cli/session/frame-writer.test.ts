import fc from 'fast-check';
import { FrameWriter } from '../../../cli/session/reliable/frame-writer';

interface Frame {
  readonly payload: Buffer;
  readonly mask: Buffer | undefined;
}

/** Reads frames as RFC 6455, section 5.2, lays them out. */
function read(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    expect(bytes[at]).toBe(0x82);
    const second = bytes.readUInt8(at + 1);
    let length = second & 0x7f;
    at += 2;
    if (length === 126) [length, at] = [bytes.readUInt16BE(at), at + 2];
    else if (length === 127) [length, at] = [Number(bytes.readBigUInt64BE(at)), at + 8];
    const mask = second >= 0x80 ? bytes.subarray(at, at + 4) : undefined;
    at += mask === undefined ? 0 : 4;
    const payload = bytes.subarray(at, at + length).map((byte, index) => byte ^ (mask?.[index & 3] ?? 0));
    frames.push({ payload: Buffer.from(payload), mask });
    at += length;
  }
  return frames;
}

const payloads = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.integer({ min: 100, max: 1_300 }).map((length) => new Uint8Array(length).fill(length & 0xff)),
  ),
  { minLength: 1, maxLength: 12 },
);

describe('frames', () => {
  it.each([true, false])(
    'come back as they were, whatever their length and place (masked: %s)',
    (isMasking) => {
      fc.assert(
        fc.property(payloads, fc.array(fc.boolean(), { maxLength: 12 }), (list, takes) => {
          const writer = new FrameWriter(isMasking);
          const taken: Buffer[] = [];
          for (const [index, payload] of list.entries()) {
            writer.add(Buffer.from(payload));
            if (takes[index] === true) taken.push(writer.take());
          }
          taken.push(writer.take());
          const frames = read(Buffer.concat(taken));
          expect(frames.map(({ payload }) => payload.length)).toEqual(list.map(({ length }) => length));
          expect(frames.every(({ payload }, index) => payload.equals(list[index] ?? Buffer.alloc(0)))).toBe(
            true,
          );
          expect(frames.every(({ mask }) => (mask !== undefined) === isMasking)).toBe(true);
          expect(writer.waitingBytes).toBe(0);
        }),
        { numRuns: 200 },
      );
    },
  );

  it.each([125, 126, 65_535, 65_536, 200_000])('have the right length at %i bytes', (length) => {
    const writer = new FrameWriter(true);
    writer.add(Buffer.from('before'));
    writer.add(Buffer.alloc(length, 'x'));
    expect(read(writer.take()).map(({ payload }) => payload.length)).toEqual([6, length]);
  });

  it('are not written over once they were taken', () => {
    const writer = new FrameWriter(false);
    writer.add(Buffer.from('first'));
    const first = writer.take();
    const copy = Buffer.from(first);
    for (let count = 0; count < 100; count += 1) writer.add(Buffer.alloc(1_144, count));
    expect(first).toEqual(copy);
  });

  it('have masks that cannot be foreseen', () => {
    const writer = new FrameWriter(true);
    for (let count = 0; count < 3_000; count += 1) writer.add(Buffer.from('x'));
    const masks = read(writer.take()).map(({ mask }) => mask?.toString('hex'));
    expect(new Set(masks).size).toBeGreaterThan(2_990);
  });

  it('leave the payload as it is', () => {
    const writer = new FrameWriter(true);
    const payload = Buffer.from('unchanged payload');
    writer.add(payload);
    expect(payload.toString()).toBe('unchanged payload');
  });
});
