import { hash, randomBytes } from 'node:crypto';

/** Words of 32 bits. 96 bits: nobody finds two texts with the same ones, or one that fits into a set, by any effort worth a file. */
const WORDS = 3;
/** Fingerprints in one block: blocks are never copied, so that memory holds nothing twice while a set grows. */
const BLOCK = 32_768;
const FIRST_PLACES = 1_024;
/** Share of the places that may be taken before there are more of them. */
const FULL = 0.75;
const GROWTH = 1.5;

/** Nobody can choose texts whose fingerprints fall on one place and make every look a long one. */
const SALT = randomBytes(16).toString('hex');

/** The fingerprint of a text, or of several that belong together; another one in each process. */
export const fingerprint = (...texts: string[]): Buffer =>
  hash('sha256', [SALT, ...texts].join('\0'), 'buffer').subarray(0, WORDS * 4);

/** Millions of texts in a few bytes each: their fingerprints, and a value for each. */
export class Fingerprints {
  private readonly blocks: Uint32Array[] = [];
  /** Open addressing: which fingerprint has this place, counted from one; 0 where none has. */
  private places: Uint32Array;
  private count = 0;

  /**
   * @param valueWords - length of the values, in words of 32 bits
   * @param expected - how many there will be, when that is known
   */
  constructor(
    private readonly valueWords = 0,
    expected = 0,
  ) {
    this.places = new Uint32Array(Math.max(FIRST_PLACES, Math.ceil(expected / FULL) + 1));
  }

  get size(): number {
    return this.count;
  }

  /** The value that was added with it; undefined when it was not added. */
  find(one: Buffer): Uint32Array | undefined {
    const held = this.places[this.placeOf(one)] ?? 0;
    if (held === 0) return undefined;
    const [block, at] = this.where(held - 1);
    return block.subarray(at + WORDS, at + WORDS + this.valueWords);
  }

  /** Returns false when it was there already; its value stays what it was. */
  add(one: Buffer, value: readonly number[] = []): boolean {
    const place = this.placeOf(one);
    if (this.places[place] !== 0) return false;
    const [block, at] = this.where(this.count);
    for (let word = 0; word < WORDS; word += 1) block[at + word] = one.readUInt32LE(word * 4);
    block.set(value, at + WORDS);
    this.count += 1;
    this.places[place] = this.count;
    if (this.count > this.places.length * FULL) this.grow();
    return true;
  }

  /** The block that holds a fingerprint or will, and where in it. */
  private where(number: number): readonly [Uint32Array, number] {
    const length = WORDS + this.valueWords;
    const which = Math.floor(number / BLOCK);
    const block = (this.blocks[which] ??= new Uint32Array(BLOCK * length));
    return [block, (number % BLOCK) * length];
  }

  /** The place that a fingerprint has, or would take. */
  private placeOf(one: Buffer): number {
    const [first, second, third] = [one.readUInt32LE(0), one.readUInt32LE(4), one.readUInt32LE(8)];
    for (let place = first % this.places.length; ; place = (place + 1) % this.places.length) {
      const held = this.places[place] ?? 0;
      if (held === 0) return place;
      const [block, at] = this.where(held - 1);
      if (block[at] === first && block[at + 1] === second && block[at + 2] === third) return place;
    }
  }

  private grow(): void {
    const places = new Uint32Array(Math.ceil(this.places.length * GROWTH));
    for (let number = 0; number < this.count; number += 1) {
      const [block, at] = this.where(number);
      let place = (block[at] ?? 0) % places.length;
      while (places[place] !== 0) place = (place + 1) % places.length;
      places[place] = number + 1;
    }
    this.places = places;
  }
}
