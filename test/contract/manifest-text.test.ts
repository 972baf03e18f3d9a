import type { Manifest } from '../../contract/manifest';
import { readManifest, type Unsealed, writeManifest } from '../../contract/manifest-text';

const hash = 'ab'.repeat(32);
const object = (key: string) => ({
  key,
  storedBytes: 1,
  storedSha256: hash,
  plainBytes: 2,
  plainSha256: hash,
});
const UNSEALED: Unsealed = {
  formatVersion: 1,
  engine: 'postgres',
  serverVersion: '17.2',
  dumpTool: 'pg_dump (PostgreSQL) 17.2',
  compressionTool: 'zstd 1.5',
  database: 'größe',
  host: 'db',
  consistentPoint: { snapshot: '00000003-1', lsn: '0/1', takenAt: '2026-11-22T03:00:00.000Z' },
  startedAt: '2026-11-22T03:00:00.000Z',
  finishedAt: '2026-11-22T03:00:01.000Z',
  data: object('data'),
  roles: object('roles'),
  tables: [{ schema: 'public', table: 't', rows: 3 }],
  leftOut: ['passwords of roles'],
  box: 'i-0123456789abcdef0',
  execution: null,
  retentionClass: 'new',
};

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
