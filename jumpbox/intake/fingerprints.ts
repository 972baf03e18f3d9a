import { createHash } from 'node:crypto';

/** 96 bits: nobody finds two texts with the same ones, or one that fits into a set, by any effort worth a file. */
const BYTES = 12;
const FIRST_SLOTS = 1024;
/** Share of the slots that may be taken before the table grows. */
const FULL = 0.8;

/** The fingerprint of a text, or of several that belong together. */
export const fingerprint = (...texts: string[]): Buffer =>
  createHash('sha256').update(texts.join('\0')).digest().subarray(0, BYTES);

/** A set of millions of texts in a few bytes each: a table of their fingerprints with open addressing. */
export class Fingerprints {
  private slots = Buffer.alloc(FIRST_SLOTS * BYTES);
  private taken = 0;

  get size(): number {
    return this.taken;
  }

  has(one: Buffer): boolean {
    return this.slots.compare(one, 0, BYTES, this.slotOf(one), this.slotOf(one) + BYTES) === 0;
  }

  /** Returns false when it was there already. */
  add(one: Buffer): boolean {
    const at = this.slotOf(one);
    if (!this.isFree(at)) return false;
    one.copy(this.slots, at, 0, BYTES);
    this.taken += 1;
    if (this.taken * BYTES > this.slots.length * FULL) this.grow();
    return true;
  }

  /** Where a fingerprint stands or would stand. Zeros mark a free slot; no text is known to have that fingerprint. */
  private slotOf(one: Buffer): number {
    const count = this.slots.length / BYTES;
    for (let slot = one.readUIntBE(0, 6) % count; ; slot = (slot + 1) % count) {
      const at = slot * BYTES;
      if (this.isFree(at) || this.slots.compare(one, 0, BYTES, at, at + BYTES) === 0) return at;
    }
  }

  private isFree(at: number): boolean {
    return (
      this.slots.readUInt32LE(at) === 0 &&
      this.slots.readUInt32LE(at + 4) === 0 &&
      this.slots.readUInt32LE(at + 8) === 0
    );
  }

  private grow(): void {
    const before = this.slots;
    this.slots = Buffer.alloc(Math.ceil((before.length / BYTES) * 1.6) * BYTES);
    this.taken = 0;
    for (let at = 0; at < before.length; at += BYTES) {
      const one = before.subarray(at, at + BYTES);
      if (one.some((byte) => byte !== 0)) this.add(one);
    }
  }
}
