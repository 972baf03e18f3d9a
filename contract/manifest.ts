import { z } from 'zod';
import { ENGINES } from './engines';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const bytes = z.int().min(0);
const instant = z.iso.datetime();

/** One object of a backup: what S3 holds, and what comes out when it is decrypted and decompressed. */
export const storedObject = z.strictObject({
  key: z.string(),
  /** S3 version id; absent where the bucket keeps no versions. */
  versionId: z.string().optional(),
  storedBytes: bytes,
  /** SHA-256 of the bytes in S3. */
  storedSha256: sha256,
  /** Between compression and encryption; absent where nothing is encrypted. */
  compressedBytes: bytes.optional(),
  compressedSha256: sha256.optional(),
  plainBytes: bytes,
  /** SHA-256 of what the dump program wrote, before compression. */
  plainSha256: sha256,
});

/** A table, as the engine names it; MariaDB and MySQL: the schema is the database. */
export const tableName = z.strictObject({ schema: z.string(), table: z.string() });

/** Rows of one table as they were dumped: counted in the same snapshot, or in the dump itself. */
export const tableRows = z.strictObject({ schema: z.string(), table: z.string(), rows: z.int().min(0) });

/** What objects are made with. */
export const FORMATS = ['zstd', '7z'] as const;
/** One of {@link FORMATS}. */
export type Format = (typeof FORMATS)[number];

/** `manifest.json`, format version 1: written last; a backup without it does not exist. */
export const manifest = z.strictObject({
  formatVersion: z.literal(1),
  engine: z.enum(ENGINES),
  /** As the server says it. */
  serverVersion: z.string(),
  /** First line that the dump program says about its version. */
  dumpTool: z.string(),
  compressionTool: z.string(),
  /** Absent: zstd. */
  format: z.enum(FORMATS).optional(),
  database: z.string(),
  host: z.string(),
  /** Default collation of the database; MariaDB and MySQL, whose dumps do not hold it. */
  collation: z.string().optional(),
  /** What the dump shows: the database at one moment. PostgreSQL: with the snapshot's name and its WAL position. */
  consistentPoint: z.strictObject({
    snapshot: z.string().optional(),
    lsn: z.string().optional(),
    takenAt: instant,
  }),
  startedAt: instant,
  finishedAt: instant,
  /** How the objects are encrypted before they leave the box; absent where they are not. */
  encryption: z
    .strictObject({
      format: z.literal('age'),
      /** Who can read them; besides, until it is proven, the box that made the backup. */
      recipients: z.array(z.string()).min(1),
    })
    .optional(),
  data: storedObject,
  roles: storedObject,
  tables: z.array(tableRows),
  /** Tables that are there without their rows, as the settings want it; absent when there are none. */
  rowsLeftOut: z.array(tableName).optional(),
  /** What is not in the dump, in words: foreign tables, role passwords, … */
  leftOut: z.array(z.string()),
  /** Instance id of the box. */
  box: z.string(),
  /** ARN of the Step Functions execution; null when started by hand. */
  execution: z.string().nullable(),
  /** What retention knows the backup as; the retain function moves on from `new`. */
  retentionClass: z.literal('new'),
  /** SHA-256 of this file's text without this field, so that one altered byte is seen; see jumpbox/manifest-text.ts. */
  sealSha256: sha256,
});

/** A difference between a backup and what it restored to. */
export const difference = z.strictObject({ what: z.string(), expected: z.string(), found: z.string() });

/** `proof-<instant>.json`: what one attempt to restore the backup found. */
export const proof = z.strictObject({
  formatVersion: z.literal(1),
  outcome: z.enum(['proven', 'proven-except', 'failed']),
  /** Names of what a scratch server cannot have (extensions and roles of RDS); empty when `proven`. */
  exceptions: z.array(z.string()),
  differences: z.array(difference),
  /** SHA-256 of the manifest's bytes that was proven. */
  manifestSha256: sha256,
  startedAt: instant,
  finishedAt: instant,
  scratchServerVersion: z.string(),
  tablesCompared: z.int().min(0),
  rowsCompared: z.int().min(0),
  box: z.string(),
});

/** See {@link manifest}. */
export type Manifest = z.infer<typeof manifest>;
/** See {@link storedObject}. */
export type StoredObject = z.infer<typeof storedObject>;
/** See {@link tableRows}. */
export type TableRows = z.infer<typeof tableRows>;
/** See {@link difference}. */
export type Difference = z.infer<typeof difference>;
/** See {@link proof}. */
export type Proof = z.infer<typeof proof>;
