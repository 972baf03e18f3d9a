import { FIRST_PART_BYTES, partSizeBytes, S3_LIMITS } from '../../../jumpbox/storage/part-size';

const TIB = 1024 ** 4;

function capacity(expectedBytes: number): number {
  let sum = 0;
  for (let part = 1; part <= S3_LIMITS.parts; part += 1) sum += partSizeBytes(part, expectedBytes);
  return sum;
}

describe('the size of parts', () => {
  it('begins at 8 MiB and stays there for the first 1,000', () => {
    expect(partSizeBytes(1, 0)).toBe(FIRST_PART_BYTES);
    expect(partSizeBytes(1_000, 0)).toBe(8 * 1024 ** 2);
    expect(partSizeBytes(1_001, 0)).toBe(16 * 1024 ** 2);
  });

  it('holds 7.8 TiB in 10,000 parts even when nothing is known', () => {
    expect(capacity(0) / TIB).toBeGreaterThan(7.8);
  });

  it.each([1e9, 1e12, 5e12, 2e13, 4e13])('holds at least what is expected: %d bytes', (expected) => {
    expect(capacity(expected)).toBeGreaterThanOrEqual(expected);
  });

  it("holds S3's largest object, 48.8 TiB, in 10,000 parts when that is expected", () => {
    expect(S3_LIMITS.maxObjectBytes / TIB).toBeCloseTo(48.8, 1);
    expect(capacity(S3_LIMITS.maxObjectBytes)).toBeGreaterThanOrEqual(S3_LIMITS.maxObjectBytes);
  });

  it('never exceeds what S3 takes', () => {
    for (const expected of [0, 1e12, S3_LIMITS.maxObjectBytes]) {
      expect(partSizeBytes(S3_LIMITS.parts, expected)).toBeLessThanOrEqual(S3_LIMITS.maxPartBytes);
    }
  });

  it('never shrinks', () => {
    for (let part = 2; part <= S3_LIMITS.parts; part += 1) {
      expect(partSizeBytes(part, 1e11)).toBeGreaterThanOrEqual(partSizeBytes(part - 1, 1e11));
    }
  });
});
