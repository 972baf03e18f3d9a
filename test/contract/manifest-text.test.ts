import type { Manifest } from '../../contract/manifest';
import { readManifest, writeManifest } from '../../contract/manifest-text';
import { UNSEALED } from '../support/manifest';

const problemOf = (text: string): string | undefined => {
  const reading = readManifest(text);
  return 'problem' in reading ? reading.problem : undefined;
};

describe('the text of a manifest', () => {
  const text = writeManifest(UNSEALED);

  it('is read as it was written', () => {
    const reading = readManifest(text);
    expect(reading).toEqual({
      manifest: { ...UNSEALED, sealSha256: (JSON.parse(text) as Manifest).sealSha256 },
    });
  });

  it('shows every altered byte', () => {
    const bytes = Buffer.from(text, 'utf8');
    const unseen = [...bytes.keys()].filter((at) => {
      const altered = Buffer.from(bytes);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      return problemOf(altered.toString('utf8')) === undefined;
    });
    expect(unseen).toEqual([]);
  });

  it('shows what was cut off or added', () => {
    expect(problemOf(text.slice(0, -1))).toBeDefined();
    expect(problemOf(`${text}\n`)).toBe('was written by something else');
    expect(problemOf('')).toContain('is no JSON');
    expect(problemOf('{}')).toContain('is no manifest of format version 1');
  });
});
