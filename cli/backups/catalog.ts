import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { EXIT } from '../../contract/exit-codes';
import { BACKUP_OBJECTS, BACKUPS } from '../../contract/keys';
import { readManifest } from '../../contract/manifest-text';
import { type Manifest, type Proof, proof as proofSchema } from '../../contract/manifest';
import { createHash } from 'node:crypto';
import { clientSettings } from '../aws/settings';
import { output, type Stack } from '../aws/stack';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import { databaseOf, idOf, startOf } from './id';

/** A committed backup, as far as the names and sizes of its objects tell. */
export interface Found {
  readonly prefix: string;
  readonly id: string;
  readonly database: string;
  readonly startedAt: Date;
  /** Of all its objects. */
  readonly bytes: number;
  /** Names of its proofs, the oldest first. */
  readonly proofs: readonly string[];
}

/** What a backup says of itself, and what its newest proof says of it. */
export interface Details {
  readonly manifest: Manifest | undefined;
  /** What is wrong with the manifest; undefined when nothing is. */
  readonly problem: string | undefined;
  readonly proofs: readonly Proof[];
  readonly outcome: Proof['outcome'] | 'unproven';
}

/**
 * The manifest of a backup.
 *
 * @param next - what to do when it does not count
 * @throws Problem when it does not
 */
export function demandManifest({ id }: Found, { manifest, problem }: Details, next: string): Manifest {
  if (manifest !== undefined) return manifest;
  throw new Problem(EXIT.failed, `The manifest of ${id} ${problem ?? 'is missing'}.`, next);
}

/** The bucket of backups, for reading. */
export class Catalog {
  readonly s3: S3Client;
  readonly bucket: string;

  constructor(context: Context, stack: Stack) {
    this.s3 = new S3Client({ ...clientSettings(context), responseChecksumValidation: 'WHEN_REQUIRED' });
    this.bucket = output(stack, 'bucket');
  }

  /** Committed backups, the newest first; of one database, or of all. */
  async list(database?: string): Promise<Found[]> {
    const prefix = database === undefined ? BACKUPS : `${BACKUPS}${encodeURIComponent(database)}/`;
    const objects = new Map<string, { bytes: number; names: string[] }>();
    for await (const page of paginateListObjectsV2(
      { client: this.s3 },
      { Bucket: this.bucket, Prefix: prefix },
    ))
      for (const { Key = '', Size = 0 } of page.Contents ?? []) {
        const [, at, name] = /^(backups\/[^/]+\/[^/]+\/)(.+)$/.exec(Key) ?? [];
        if (at === undefined || name === undefined) continue;
        const known = objects.get(at) ?? { bytes: 0, names: [] };
        objects.set(at, { bytes: known.bytes + Size, names: [...known.names, name] });
      }
    return [...objects]
      .filter(([, { names }]) => names.includes(BACKUP_OBJECTS.manifest))
      .map(([at, { bytes, names }]) => ({
        prefix: at,
        id: idOf(at),
        database: databaseOf(at),
        startedAt: startOf(at),
        bytes,
        proofs: names.filter((name) => name.startsWith('proof-')).sort(),
      }))
      .sort((one, other) => other.startedAt.getTime() - one.startedAt.getTime());
  }

  /** @throws Problem when there is no such backup */
  async find(prefix: string): Promise<Found> {
    const found = (await this.list(databaseOf(prefix))).find((one) => one.prefix === prefix);
    if (found !== undefined) return found;
    throw new Problem(
      EXIT.notFound,
      `There is no backup ${idOf(prefix)} in ${this.bucket}.`,
      '`drawbridge backups` lists them; what was interrupted is not among them.',
    );
  }

  /** The newest backup that shows the database as it was at an instant or before. */
  async findAt(database: string, at: Date): Promise<Found> {
    const found = (await this.list(database)).find(({ startedAt }) => startedAt <= at);
    if (found !== undefined) return found;
    throw new Problem(
      EXIT.notFound,
      `There is no backup of ${database} from ${at.toISOString()} or before.`,
      '`drawbridge backups` lists what there is.',
    );
  }

  async details({ prefix, proofs: names }: Found): Promise<Details> {
    const text = await this.read(`${prefix}${BACKUP_OBJECTS.manifest}`);
    const reading = readManifest(text);
    const proofs = await Promise.all(
      names.map(async (name) => proofSchema.parse(JSON.parse(await this.read(`${prefix}${name}`)))),
    );
    const newest = proofs.at(-1);
    // A proof of another manifest proves nothing of this one.
    const isOfThis = newest?.manifestSha256 === createHash('sha256').update(text, 'utf8').digest('hex');
    return {
      manifest: 'manifest' in reading ? reading.manifest : undefined,
      problem: 'problem' in reading ? reading.problem : undefined,
      proofs,
      outcome: newest !== undefined && isOfThis ? newest.outcome : 'unproven',
    };
  }

  async read(key: string): Promise<string> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
    return (await Body?.transformToString()) ?? '';
  }

  close(): void {
    this.s3.destroy();
  }
}

/** Gives the bucket to read to `use`, and closes it. */
export async function withCatalog<T>(
  context: Context,
  stack: Stack,
  use: (catalog: Catalog) => Promise<T>,
): Promise<T> {
  const catalog = new Catalog(context, stack);
  try {
    return await use(catalog);
  } finally {
    catalog.close();
  }
}
