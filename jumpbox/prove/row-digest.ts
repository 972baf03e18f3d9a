import { createHash } from 'node:crypto';

const LIMBS = 8;
/** Sums of 32-bit numbers stay exact in a double for so many additions. */
const EXACT_ADDITIONS = 2 ** 20;
const MODULUS = 2n ** 256n;

/**
 * Digest of a multiset of rows: the sum, modulo 2^256, of the SHA-256 of each, and their number. It does not depend on order,
 * which a restore need not keep; a row that is there twice counts twice.
 */
export class RowDigest {
  private readonly limbs = new Float64Array(LIMBS);
  private additions = 0;
  private sum = 0n;
  private counted = 0;

  /** Number of rows so far. */
  get rows(): number {
    return this.counted;
  }

  /** Adds a row, given its SHA-256. */
  add(sha256: Buffer): void {
    for (let limb = 0; limb < LIMBS; limb += 1) {
      this.limbs[limb] = (this.limbs[limb] ?? 0) + sha256.readUInt32BE(limb * 4);
    }
    this.counted += 1;
    this.additions += 1;
    if (this.additions === EXACT_ADDITIONS) this.carry();
  }

  /** Adds a row, given its bytes. */
  addRow(row: Buffer | string): void {
    this.add(createHash('sha256').update(row).digest());
  }

  /** The sum in hexadecimal. */
  digest(): string {
    this.carry();
    return this.sum.toString(16).padStart(64, '0');
  }

  private carry(): void {
    const value = this.limbs.reduce((sum, limb) => (sum << 32n) + BigInt(limb), 0n as bigint);
    this.sum = (this.sum + value) % MODULUS;
    this.limbs.fill(0);
    this.additions = 0;
  }
}
