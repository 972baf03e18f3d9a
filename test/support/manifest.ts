import type { Manifest, Proof } from '../../contract/manifest';

const SHA256 = 'ab'.repeat(32);

const object = (key: string, storedBytes: number, plainBytes: number) => ({
  key,
  storedBytes,
  storedSha256: SHA256,
  plainBytes,
  plainSha256: SHA256,
});

/** What a manifest holds before it is sealed: 4 MiB, stored as one, in ten seconds. */
export const UNSEALED: Omit<Manifest, 'sealSha256'> = {
  formatVersion: 1,
  engine: 'postgres',
  serverVersion: '17.2',
  dumpTool: 'pg_dump (PostgreSQL) 17.2',
  compressionTool: 'zstd 1.5',
  database: 'größe',
  host: 'db',
  consistentPoint: { snapshot: '00000003-1', lsn: '0/1', takenAt: '2026-11-22T03:00:00.000Z' },
  startedAt: '2026-11-22T03:00:00.000Z',
  finishedAt: '2026-11-22T03:00:10.000Z',
  data: object('data', 1_048_576, 4_194_304),
  roles: object('roles', 1, 2),
  tables: [{ schema: 'public', table: 't', rows: 3 }],
  leftOut: ['passwords of roles'],
  box: 'i-0123456789abcdef0',
  execution: null,
  retentionClass: 'new',
};

/** The same with a seal, which fits nothing. */
export const MANIFEST: Manifest = { ...UNSEALED, sealSha256: SHA256 };

/** What a proof holds that found every row of one table. */
export const PROOF: Proof = {
  formatVersion: 1,
  outcome: 'proven',
  exceptions: [],
  differences: [],
  manifestSha256: SHA256,
  startedAt: '2026-11-22T03:00:00Z',
  finishedAt: '2026-11-22T03:10:00Z',
  scratchServerVersion: '18',
  tablesCompared: 1,
  rowsCompared: 1,
  box: 'i-0123456789abcdef0',
};
