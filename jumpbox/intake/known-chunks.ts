import type { StoredChunk } from '../../contract/intake-protocol';
import { fingerprint, Fingerprints } from './fingerprints';

/** Place of a chunk: number of its pack, where it begins, its length with the encoding as the lowest bit; 32 bits each. */
const PLACE_BYTES = 12;
const PACK_NAME_BYTES = 16;

/** Names of packs, numbered in the order in which they came. */
class PackNames {
  private readonly numbers = new Fingerprints(4);
  private names = Buffer.alloc(64 * PACK_NAME_BYTES);
  private count = 0;

  numberOf(pack: string): number {
    const name = Buffer.from(pack, 'hex');
    const key = fingerprint(pack);
    const found = this.numbers.find(key);
    if (found !== undefined) return found.readUInt32LE();
    const number = this.count;
    if ((number + 1) * PACK_NAME_BYTES > this.names.length)
      this.names = Buffer.concat([this.names, Buffer.alloc(this.names.length)]);
    name.copy(this.names, number * PACK_NAME_BYTES);
    const value = Buffer.alloc(4);
    value.writeUInt32LE(number);
    this.numbers.add(key, value);
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
    this.places = new Fingerprints(PLACE_BYTES, expected);
  }

  get size(): number {
    return this.places.size;
  }

  add(path: string, { sha256, pack, at, length, encoding }: StoredChunk): void {
    const place = Buffer.alloc(PLACE_BYTES);
    place.writeUInt32LE(this.packs.numberOf(pack), 0);
    place.writeUInt32LE(at, 4);
    place.writeUInt32LE(length * 2 + (encoding === 'gzip' ? 1 : 0), 8);
    this.places.add(fingerprint(path, sha256), place);
  }

  find(path: string, sha256: string): StoredChunk | undefined {
    const place = this.places.find(fingerprint(path, sha256));
    if (place === undefined) return undefined;
    const length = place.readUInt32LE(8);
    return {
      sha256,
      pack: this.packs.name(place.readUInt32LE(0)),
      at: place.readUInt32LE(4),
      length: length >>> 1,
      encoding: (length & 1) === 1 ? 'gzip' : 'identity',
    };
  }
}
