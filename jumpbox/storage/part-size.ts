const MIB = 1024 ** 2;

/** Limits of S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const S3_LIMITS = {
  parts: 10_000,
  maxPartBytes: 5 * 1024 ** 3,
  maxObjectBytes: 10_000 * 5 * 1024 ** 3,
} as const;

/** S3 takes no smaller part but the last one: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const LEAST_PART_BYTES = 5 * MIB;

/** Parts begin at this size: large enough for S3 to be quick, small enough for a box with 1 GiB. */
export const FIRST_PART_BYTES = 8 * MIB;

/** After so many parts the size doubles. */
const STEP = 1_000;

/**
 * Size of one part of an upload whose length nobody knows yet.
 *
 * Parts are as large as the expected length needs, and double every 1,000 parts on top, so that an expectation that was far
 * too low (the database grew, compression did nothing) still fits: from 8 MiB, 10,000 parts hold 7.8 TiB; and whoever expects
 * S3's largest object, 48.8 TiB, gets its largest parts.
 *
 * @param partNumber - from 1
 * @param expectedBytes - what will probably be stored; 0 when unknown
 * @param leastBytes - size of the first part when no more is expected than fits
 */
export function partSizeBytes(
  partNumber: number,
  expectedBytes: number,
  leastBytes: number = FIRST_PART_BYTES,
): number {
  const needed = Math.ceil(expectedBytes / S3_LIMITS.parts / MIB) * MIB;
  const first = Math.max(leastBytes, needed);
  return Math.min(S3_LIMITS.maxPartBytes, first * 2 ** Math.floor((partNumber - 1) / STEP));
}
