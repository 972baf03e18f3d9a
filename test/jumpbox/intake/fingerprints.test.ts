import { fingerprint, Fingerprints } from '../../../jumpbox/intake/fingerprints';

test('holds what was added, tells what was not, and grows', () => {
  const set = new Fingerprints();
  for (let at = 0; at < 50_000; at += 1) expect(set.add(fingerprint(`file ${at}`))).toBe(true);
  expect(set.size).toBe(50_000);
  for (let at = 0; at < 50_000; at += 7) {
    expect(set.has(fingerprint(`file ${at}`))).toBe(true);
    expect(set.add(fingerprint(`file ${at}`))).toBe(false);
    expect(set.has(fingerprint(`other ${at}`))).toBe(false);
  }
});

test('parts of a pair do not run into each other', () => {
  expect(fingerprint('ab', 'c').equals(fingerprint('a', 'bc'))).toBe(false);
});
