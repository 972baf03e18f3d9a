import { createHash } from 'node:crypto';
import { RowDigest } from '../../../jumpbox/prove/row-digest';

const digestOf = (rows: readonly string[]): string => {
  const digest = new RowDigest();
  for (const row of rows) digest.addRow(row);
  return digest.digest();
};

describe('the digest of rows', () => {
  it('is the sum of the SHA-256 of the rows, modulo 2^256', () => {
    const rows = Array.from({ length: 50 }, (_, i) => `row ${String(i)}`);
    const sum = rows
      .map((row) => BigInt(`0x${createHash('sha256').update(row).digest('hex')}`))
      .reduce((total, value) => (total + value) % 2n ** 256n, 0n);
    expect(digestOf(rows)).toBe(sum.toString(16).padStart(64, '0'));
  });

  it('does not depend on order', () => {
    expect(digestOf(['a', 'b', 'c', 'b'])).toBe(digestOf(['b', 'c', 'b', 'a']));
  });

  it('depends on how often a row is there, where an exclusive or would not', () => {
    expect(digestOf(['a', 'b', 'b'])).not.toBe(digestOf(['a']));
    expect(digestOf(['a', 'a'])).not.toBe(digestOf(['b', 'b']));
  });

  it('carries over when many large numbers are added', () => {
    const digest = new RowDigest();
    const largest = Buffer.alloc(32, 0xff);
    const count = 2 ** 20 + 5;
    for (let i = 0; i < count; i += 1) digest.add(largest);
    const expected = ((2n ** 256n - 1n) * BigInt(count)) % 2n ** 256n;
    expect(digest.digest()).toBe(expected.toString(16).padStart(64, '0'));
    expect(digest.rows).toBe(count);
  });

  it('can be asked for before it is complete', () => {
    const digest = new RowDigest();
    digest.addRow('a');
    expect(digest.digest()).toBe(digestOf(['a']));
    digest.addRow('b');
    expect(digest.digest()).toBe(digestOf(['a', 'b']));
  });
});
