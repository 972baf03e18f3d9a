import { inBytes } from '../contract/bytes';
import { EXIT } from '../contract/exit-codes';
import type { Manifest } from '../contract/manifest';
import { restoredName, type RestoreResult } from '../contract/restore';
import { whenAborted } from './backup/race';
import { readLogin } from './database/secret';
import { trustedAuthorities } from './database/trust';
import type { Prepared, Preparing, Standing, RestoreTarget } from './engine';
import { openHanded } from './encryption/handed';
import { ENGINES } from './engines';
import { readManifest } from '../contract/manifest-text';
import { withPrivateDirectory, writeAuthorities } from './private-directory';
import { withCompression } from './compression/choose';
import { compareRows } from './restore/compare-rows';
import type { RestoreOptions } from './restore/options';
import type { Context, Result } from './run';
import { reasonOf, Stop } from './stop';
import { Stopwatch } from './stopwatch';
import { type Committed, findBackup } from './storage/catalog';
import { openS3 } from './storage/client';

/** What is to be restored, and where. */
export interface RestoreWords extends RestoreOptions {
  /** Of the backup; the newest when undefined. */
  readonly prefix: string | undefined;
  /** Database to restore into; `<database>_restored_<date>` when undefined. */
  readonly into: string | undefined;
  /** The same name again: its content may be replaced. */
  readonly over: string | undefined;
  /** Keys of an encrypted backup as their owner handed them over. */
  readonly keys: string | undefined;
}

/** Where the backup goes first, and where it ends. */
interface Place {
  readonly into: string;
  readonly standing: Standing;
  /** Database that is filled; another than `into` when that one is replaced. */
  readonly fresh: string;
}

function demandManifest(
  { prefix, manifestText }: Committed,
  context: Context,
  keys: string | undefined,
): Manifest {
  const reading = readManifest(manifestText);
  if ('problem' in reading)
    throw new Stop(
      EXIT.failed,
      `The manifest of ${prefix} ${reading.problem}. Nothing was restored: choose another backup.`,
    );
  const { manifest } = reading;
  const { engine } = context.settings;
  if (manifest.encryption !== undefined && keys === undefined)
    throw new Stop(
      EXIT.usage,
      `${prefix} is encrypted, and no box has a key to it. Nothing was begun: say \`drawbridge restore\` with --identity and the ` +
        'file of your secret key, which stays with you.',
    );
  if (manifest.engine === engine) return manifest;
  throw new Stop(
    EXIT.usage,
    `${prefix} is a backup of ${manifest.engine}, and the server here is ${engine}. Nothing was begun.`,
  );
}

/** Never over something, unless that was named a second time. */
async function choosePlace(target: RestoreTarget, manifest: Manifest, words: RestoreWords): Promise<Place> {
  const into = words.into ?? restoredName(manifest.database, new Date());
  const standing = await target.standing(into);
  if (standing !== 'filled') return { into, standing, fresh: into };
  if (words.over !== into)
    throw new Stop(
      EXIT.usage,
      `The database ${into} is not empty; nothing was begun. Name another with --into, or name it a second time with ` +
        `--over ${into} to have it replaced.`,
    );
  if (target.replace === undefined)
    throw new Stop(
      EXIT.usage,
      `The database ${into} is not empty, and this engine cannot rename a database to keep what is in it; nothing was begun. ` +
        `Restore into another, look at it, then empty ${into} yourself (DROP DATABASE, CREATE DATABASE) and restore into it.`,
    );
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  return { into, standing, fresh: `${into.slice(0, 40)}_new_${stamp}` };
}

/** Fills the database and counts; takes it away again when either goes wrong. */
async function fillAndCount(
  context: Context,
  manifest: Manifest,
  target: RestoreTarget,
  prepared: Prepared,
  { fresh, into, standing }: Place,
): Promise<readonly string[]> {
  const before = fresh === into ? standing : 'absent';
  try {
    const notes = await prepared.fill(fresh, before);
    context.progress(`restored into ${fresh}; counting the rows of ${String(manifest.tables.length)} tables`);
    const counted = await Promise.race([
      target.countRows(fresh, manifest.database),
      whenAborted(context.signal),
    ]);
    const empty = (manifest.rowsLeftOut ?? []).map((table) => ({ ...table, rows: 0 }));
    const differences = compareRows([...manifest.tables, ...empty], counted);
    if (differences.length === 0) return notes;
    throw new Stop(
      EXIT.notProven,
      ['The restored rows are not those of the manifest:', ...differences].join('\n'),
    );
  } catch (error) {
    const undone = await target.undo(fresh, before).then(
      () => 'What had been restored was taken away again.',
      (problem: unknown) =>
        `What had been restored could NOT be taken away; look at the database ${fresh} yourself (${reasonOf(problem)}).`,
    );
    const exit = error instanceof Stop ? error.exit : EXIT.failed;
    throw new Stop(exit, `${error instanceof Error ? error.message : reasonOf(error)}\n${undone}`);
  }
}

async function carryOut(
  context: Context,
  target: RestoreTarget,
  work: Preparing,
  place: Place,
): Promise<Pick<RestoreResult, 'replaced' | 'notes'>> {
  const prepared = await target.prepare(work);
  context.signal.throwIfAborted();
  const notes = await fillAndCount(context, work.manifest, target, prepared, place);
  if (place.fresh === place.into || target.replace === undefined) return { replaced: null, notes };
  return { replaced: await target.replace(place.into, place.fresh), notes };
}

/**
 * Restores a backup into a new database of the server, counts its rows, and ends with that count. What cannot be restored whole
 * is taken away again.
 *
 * @throws Stop with a documented exit code
 */
export async function restore(context: Context, words: RestoreWords): Promise<Result> {
  const { settings, progress } = context;
  const stopwatch = new Stopwatch();
  const authorities = trustedAuthorities(settings.databaseCa);
  const login = await readLogin(settings.region, settings.databaseSecretArn);
  const s3 = openS3(settings.region);
  try {
    const backup = await findBackup(s3, settings.bucket, settings.databaseName, words.prefix);
    const manifest = demandManifest(backup, context, words.keys);
    const fileKeyOf =
      manifest.encryption && words.keys !== undefined
        ? await openHanded(settings.keyDirectory, backup.prefix, words.keys)
        : undefined;
    return await withPrivateDirectory(async (directory) => {
      const authoritiesFile = await writeAuthorities(directory, authorities);
      const target = await ENGINES[manifest.engine].target({ settings, login, authorities, authoritiesFile });
      try {
        const place = await choosePlace(target, manifest, words);
        progress(`restoring ${backup.prefix} (${inBytes(manifest.data.plainBytes)}) into ${place.into}`);
        const format = manifest.format ?? 'zstd';
        // The archive, and the dump where the engine's tool must have it as a file.
        const needed = manifest.data.storedBytes + manifest.data.plainBytes;
        const done = await withCompression(format, settings, 'restore', needed, (compression) => {
          const store = { s3, bucket: settings.bucket, fileKeyOf, compression };
          return carryOut(context, target, { context, store, manifest, options: words, directory }, place);
        });
        progress(`restored ${backup.prefix} into ${place.into}: every table has its rows`);
        const output = {
          prefix: backup.prefix,
          database: place.into,
          tables: manifest.tables.length,
          rows: manifest.tables.reduce((sum, table) => sum + table.rows, 0),
          plainBytes: manifest.data.plainBytes,
          seconds: stopwatch.seconds,
          ...done,
        } satisfies RestoreResult;
        return { output, exit: EXIT.ok };
      } finally {
        await target.close();
      }
    }, settings.scratchDirectory);
  } finally {
    s3.destroy();
  }
}
