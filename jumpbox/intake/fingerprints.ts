import { createHash } from 'node:crypto';

/** 96 bits: nobody finds two texts with the same ones, or one that fits into a set, by any effort worth a file. */
const BYTES = 12;
const FIRST_SLOTS = 32;
/** Share of the slots that may be taken before a table grows. */
const FULL = 0.8;
/** Tables that grow one after the other: what is copied is small beside the whole. */
const TABLES = 256;

/** The fingerprint of a text, or of several that belong together. */
export const fingerprint = (...texts: string[]): Buffer =>
  createHash('sha256').update(texts.join('\0')).digest().subarray(0, BYTES);

/** Fingerprints with open addressing, each with a value of so many bytes behind it. */
class Table {
  private slots: Buffer;
  taken = 0;

  constructor(
    private readonly slotBytes: number,
    count: number,
  ) {
    this.slots = Buffer.alloc(count * slotBytes);
  }

  find(one: Buffer): Buffer | undefined {
    const at = this.slotOf(one);
    return this.isFree(at) ? undefined : this.slots.subarray(at + BYTES, at + this.slotBytes);
  }

  add(one: Buffer, value: Buffer): boolean {
    const at = this.slotOf(one);
    if (!this.isFree(at)) return false;
    one.copy(this.slots, at, 0, BYTES);
    value.copy(this.slots, at + BYTES);
    this.taken += 1;
    if (this.taken * this.slotBytes > this.slots.length * FULL) this.grow();
    return true;
  }

  /** Where a fingerprint stands or would stand. Zeros mark a free slot; no text is known to have that fingerprint. */
  private slotOf(one: Buffer): number {
    const count = this.slots.length / this.slotBytes;
    for (let slot = one.readUIntBE(0, 6) % count; ; slot = (slot + 1) % count) {
      const at = slot * this.slotBytes;
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
    this.slots = Buffer.alloc(Math.ceil((before.length / this.slotBytes) * 1.6) * this.slotBytes);
    this.taken = 0;
    for (let at = 0; at < before.length; at += this.slotBytes) {
      const one = before.subarray(at, at + BYTES);
      if (one.some((byte) => byte !== 0)) this.add(one, before.subarray(at + BYTES, at + this.slotBytes));
    }
  }
}

const NOTHING = Buffer.alloc(0);

/** Millions of texts in a few bytes each: tables of their fingerprints, and of a value for each. */
export class Fingerprints {
  private readonly tables = new Map<number, Table>();
  private readonly slots: number;

  /**
   * @param valueBytes - length of the values
   * @param expected - how many there will be, when that is known
   */
  constructor(
    private readonly valueBytes = 0,
    expected = 0,
  ) {
    this.slots = Math.max(FIRST_SLOTS, Math.ceil((expected / TABLES) * 1.4));
  }

  get size(): number {
    return [...this.tables.values()].reduce((sum, { taken }) => sum + taken, 0);
  }

  has(one: Buffer): boolean {
    return this.find(one) !== undefined;
  }

  /** The value that was added with it; undefined when it was not added. */
  find(one: Buffer): Buffer | undefined {
    return this.tableOf(one).find(one);
  }

  /** Returns false when it was there already; its value stays what it was. */
  add(one: Buffer, value = NOTHING): boolean {
    return this.tableOf(one).add(one, value);
  }

  /** By a byte that has no part in the place within the table. */
  private tableOf(one: Buffer): Table {
    const number = one[BYTES - 1] ?? 0;
    const table = this.tables.get(number) ?? new Table(BYTES + this.valueBytes, this.slots);
    this.tables.set(number, table);
    return table;
  }
}
