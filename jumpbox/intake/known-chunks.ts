import type { StoredChunk } from '../../contract/intake-protocol';
import { fingerprint, Fingerprints } from './fingerprints';

/** Place of a chunk: number of its pack, where it begins, its length with the encoding as the lowest bit; 32 bits each. */
const PLACE_WORDS = 3;
const PACK_NAME_BYTES = 16;

/** Names of packs, numbered in the order in which they came. */
class PackNames {
  private readonly numbers = new Fingerprints(1);
  private names = Buffer.alloc(64 * PACK_NAME_BYTES);
  private count = 0;

  numberOf(pack: string): number {
    const name = Buffer.from(pack, 'hex');
    const key = fingerprint(pack);
    const found = this.numbers.find(key);
    if (found !== undefined) return found[0] ?? 0;
    const number = this.count;
    if ((number + 1) * PACK_NAME_BYTES > this.names.length)
      this.names = Buffer.concat([this.names, Buffer.alloc(this.names.length)]);
    name.copy(this.names, number * PACK_NAME_BYTES);
    this.numbers.add(key, [number]);
    this.count += 1;
    return number;
  }

  name(number: number): string {
    return this.names.toString('hex', number * PACK_NAME_BYTES, (number + 1) * PACK_NAME_BYTES);
  }
}

/** Where chunks lie that need not be sent: by path and content, some thirty bytes each. */
export class KnownChunks {
  private readonly packs = new PackNames();
  private readonly places: Fingerprints;

  /** @param expected - how many there will be, when that is known */
  constructor(expected = 0) {
    this.places = new Fingerprints(PLACE_WORDS, expected);
  }

  get size(): number {
    return this.places.size;
  }

  add(path: string, { sha256, pack, at, length, encoding }: StoredChunk): void {
    const place = [this.packs.numberOf(pack), at, length * 2 + (encoding === 'gzip' ? 1 : 0)];
    this.places.add(fingerprint(path, sha256), place);
  }

  find(path: string, sha256: string): StoredChunk | undefined {
    const place = this.places.find(fingerprint(path, sha256));
    if (place === undefined) return undefined;
    const [number = 0, at = 0, length = 0] = place;
    return {
      sha256,
      pack: this.packs.name(number),
      at,
      length: length >>> 1,
      encoding: (length & 1) === 1 ? 'gzip' : 'identity',
    };
  }
}
