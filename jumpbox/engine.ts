import type { S3Client } from '@aws-sdk/client-s3';
import type { Manifest, Proof, TableRows } from '../contract/manifest';
import type { Measured, Target } from './backup/stream';
import type { Watch } from './backup/watch';
import type { Compression } from './compression/compression';
import type { Access } from './database/access';
import type { FileKeyOf } from './encryption/age';
import type { Unsealed } from '../contract/manifest-text';
import type { TableName } from './prove/tables';
import type { RestoreOptions } from './restore/options';
import type { Context } from './run';

/** What is known of a database before the first byte flows. */
export interface Facts extends Pick<
  Unsealed,
  'serverVersion' | 'dumpTool' | 'leftOut' | 'consistentPoint' | 'collation'
> {
  /** Tables whose rows stay out. */
  readonly rowsLeftOut: readonly TableName[];
  /** About how much it holds. */
  readonly databaseBytes: number;
}

/** Where the objects of a backup go, and what makes them small. */
export interface Uploads {
  readonly data: Target;
  readonly roles: Target;
  readonly compression: Compression;
  /** Is told how the dump of the data goes. */
  readonly watch: Watch;
}

/** A dump whose bytes are all in S3, not yet visible. */
export interface Dumped {
  readonly data: Measured;
  readonly roles: Measured;
  /** Rows of every table as they were dumped. */
  readonly tables: readonly TableRows[];
}

/** A database that is ready to be dumped: nothing that can be known beforehand stands in the way. */
export interface Session {
  readonly facts: Facts;
  /**
   * Streams the database and its roles into their uploads; completing or aborting them is the caller's.
   *
   * @throws Stop: the first thing that went wrong
   */
  dump(context: Context, uploads: Uploads): Promise<Dumped>;
  close(): Promise<void>;
}

/** Where a backup's objects are read from. */
export interface Store {
  readonly s3: S3Client;
  readonly bucket: string;
  /** What the objects were made small with. */
  readonly compression: Compression;
  /** Opens objects that are encrypted by age; left out where nothing is. */
  readonly fileKeyOf?: FileKeyOf | undefined;
}

/** What a comparison found; everything of a proof that is not about its circumstances. */
export type Finding = Pick<
  Proof,
  'exceptions' | 'differences' | 'scratchServerVersion' | 'tablesCompared' | 'rowsCompared'
>;

/** What stands under the name of a database. */
export type Standing = 'absent' | 'empty' | 'filled';

/** A server that a backup can be restored into. */
export interface RestoreTarget {
  standing(database: string): Promise<Standing>;
  /**
   * Fetches what has to be there first, and refuses what would fail later: altered bytes, an older server, missing roles. Changes
   * nothing on the server, but for roles that it was told to make.
   *
   * @param directory - on a real disk, removed afterwards with all that is in it
   * @throws Stop with a documented exit code
   */
  prepare(work: Preparing): Promise<Prepared>;
  /** @param schema - what the manifest calls the schema, where a database is one */
  countRows(database: string, schema: string): Promise<readonly TableRows[]>;
  /** Takes a half-restored database away; one that stood there empty is empty again. */
  undo(database: string, standing: Standing): Promise<void>;
  /**
   * Puts a restored database in the place of another, at once, and keeps that one under another name.
   * Undefined where the engine cannot rename databases.
   *
   * @returns that name
   */
  readonly replace?: (database: string, by: string) => Promise<string>;
  close(): Promise<void>;
}

/** What a restore is prepared with. */
export interface Preparing {
  readonly context: Context;
  readonly store: Store;
  readonly manifest: Manifest;
  readonly options: RestoreOptions;
  readonly directory: string;
}

/** A restore that is ready to begin. */
export interface Prepared {
  /**
   * Makes the database, unless it stands there empty, and fills it.
   *
   * @returns what is otherwise than in the backup, in words
   * @throws Stop; the database may then be half there
   */
  fill(database: string, standing: Standing): Promise<readonly string[]>;
}

/** What differs from one database engine to another. */
export interface Engine {
  /** Names of a backup's objects, below its prefix. */
  readonly objects: { readonly data: string; readonly roles: string };
  /**
   * Connects, and refuses whatever would fail later: tools of the wrong major, something that may not be read.
   *
   * @throws Stop with a documented exit code
   */
  open(access: Access): Promise<Session>;
  /**
   * Makes sure that this box can restore such a backup.
   *
   * @throws Stop with `EXIT.wrongTools`
   */
  demandServerTools(manifest: Manifest): Promise<void>;
  /**
   * Restores a backup into a scratch server and compares.
   *
   * @throws Stop when that cannot be carried out, which says nothing about the backup
   */
  examine(context: Context, store: Store, manifest: Manifest): Promise<Finding>;
  /**
   * Connects to the server that the settings name, to restore there.
   *
   * @throws Stop with a documented exit code
   */
  target(access: Access): Promise<RestoreTarget>;
}
