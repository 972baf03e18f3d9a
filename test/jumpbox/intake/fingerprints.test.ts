import { KnownChunks } from '../../../jumpbox/intake/known-chunks';
import { fingerprint, Fingerprints } from '../../../jumpbox/intake/fingerprints';

test('holds what was added, tells what was not, and grows', () => {
  const set = new Fingerprints();
  // One look at the end: an `expect` costs more than what it looks at.
  const wrong: number[] = [];
  for (let at = 0; at < 50_000; at += 1) if (!set.add(fingerprint(`file ${at}`))) wrong.push(at);
  expect(set.size).toBe(50_000);
  for (let at = 0; at < 50_000; at += 7) {
    const one = fingerprint(`file ${at}`);
    const other = fingerprint(`other ${at}`);
    if (set.find(one) === undefined || set.add(one) || set.find(other) !== undefined) wrong.push(at);
  }
  expect(wrong).toEqual([]);
});

test('parts of a pair do not run into each other', () => {
  expect(fingerprint('ab', 'c').equals(fingerprint('a', 'bc'))).toBe(false);
});

test('known chunks are found by path and content, each where it lies, in any number of packs', () => {
  const known = new KnownChunks();
  const chunk = (at: number) => ({
    sha256: at.toString(16).padStart(64, '0'),
    pack: (at % 700).toString(16).padStart(32, 'f'),
    at: at * 3,
    length: at + 1,
    encoding: at % 2 === 0 ? ('gzip' as const) : ('identity' as const),
  });
  for (let at = 0; at < 20_000; at += 1) known.add(`file ${at}`, chunk(at));
  expect(known.size).toBe(20_000);
  for (let at = 0; at < 20_000; at += 11) {
    expect(known.find(`file ${at}`, chunk(at).sha256)).toEqual(chunk(at));
    expect(known.find(`file ${at + 1}`, chunk(at).sha256)).toBeUndefined();
  }
});
