import { randomBytes } from 'node:crypto';
import { opening, sealing, type Turner } from '../../../jumpbox/encryption/payload';

const [KEY, NONCE] = [randomBytes(16), randomBytes(16)];
const CHUNK = 65_536;

/** Gives a stream to a turner in pieces of a size; everything that comes out. */
function through(turner: Turner, bytes: Buffer, size: number): Buffer {
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(turner.take(bytes.subarray(at, at + size)));
  return Buffer.concat([...out, turner.finish()]);
}

const seal = (bytes: Buffer, size = 10_000): Buffer => through(sealing(KEY, NONCE), bytes, size);
const open = (bytes: Buffer, size = 10_000): Buffer => through(opening(KEY, NONCE), bytes, size);

test.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17])('%i bytes come back', (length) => {
  const plain = randomBytes(length);
  const sealed = seal(plain);
  expect(sealed).toHaveLength(length + 16 * Math.max(1, Math.ceil(length / CHUNK)));
  for (const size of [1_000, CHUNK + 16, 1_000_000]) expect(open(sealed, size).equals(plain)).toBe(true);
});

test('the pieces in which bytes come make no difference', () => {
  const plain = randomBytes(2 * CHUNK + 5);
  expect(seal(plain, 777).equals(seal(plain, 1_000_000))).toBe(true);
});

describe('is refused', () => {
  const sealed = seal(randomBytes(2 * CHUNK + 100));
  const first = sealed.subarray(0, CHUNK + 16);
  const second = sealed.subarray(CHUNK + 16, 2 * (CHUNK + 16));
  const last = sealed.subarray(2 * (CHUNK + 16));

  test.each([
    ['cut off in a chunk', sealed.subarray(0, sealed.length - 1)],
    ['cut off between chunks', Buffer.concat([first, second])],
    ['cut off in a tag', sealed.subarray(0, 2 * (CHUNK + 16) + 5)],
    ['without its first chunk', Buffer.concat([second, last])],
    ['with chunks changed over', Buffer.concat([second, first, last])],
    ['with a chunk twice', Buffer.concat([first, first, second, last])],
    ['with something after it', Buffer.concat([sealed, Buffer.from('x')])],
    ['nothing at all', Buffer.alloc(0)],
  ])('%s', (_, bytes) => {
    expect(() => open(bytes)).toThrow();
  });

  test('one altered bit, wherever it is', () => {
    for (const at of [0, CHUNK, CHUNK + 16, sealed.length - 17, sealed.length - 1]) {
      const altered = Buffer.from(sealed);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      expect(() => open(altered)).toThrow();
    }
  });

  test('another key', () => {
    expect(() => through(opening(randomBytes(16), NONCE), sealed, 1_000)).toThrow();
  });
});
