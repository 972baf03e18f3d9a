import { createHash } from 'node:crypto';
import { inBytes } from '../contract/bytes';
import { EXIT } from '../contract/exit-codes';
import { proofKey } from '../contract/keys';
import type { Proof } from '../contract/manifest';
import { byIdentity } from './encryption/age';
import { openHanded } from './encryption/handed';
import { forgetRunKey, readRunKey } from './encryption/run-key';
import { withCompression } from './compression/choose';
import type { Finding, Store } from './engine';
import { ENGINES } from './engines';
import { readInstanceId } from './identity';
import { readManifest } from '../contract/manifest-text';
import { nothingCompared } from './prove/finding';
import { isDue } from './prove/due';
import { demandRoom, neededBytes } from './prove/room';
import type { Context, Result } from './run';
import { type Committed, findBackup } from './storage/catalog';
import { Stopwatch } from './stopwatch';
import { openS3 } from './storage/client';
import { putOnce } from './storage/commit';

async function carryOut(
  context: Context,
  place: Omit<Store, 'fileKeyOf' | 'compression'>,
  backup: Committed,
  keys: string | undefined,
): Promise<Finding> {
  const reading = readManifest(backup.manifestText);
  if ('problem' in reading) {
    const found = `a manifest that ${reading.problem}`;
    return nothingCompared(
      [{ what: 'manifest.json', expected: 'the manifest that was committed', found }],
      'none',
    );
  }
  const { manifest } = reading;
  const { scratchDirectory, keyDirectory } = context.settings;
  const fileKeyOf =
    manifest.encryption &&
    (keys === undefined
      ? byIdentity(await readRunKey(keyDirectory, backup.prefix))
      : await openHanded(keyDirectory, backup.prefix, keys));
  const engine = ENGINES[manifest.engine];
  await engine.demandServerTools(manifest);
  const format = manifest.format ?? 'zstd';
  // An archive lies on the disk besides.
  const needed = neededBytes(manifest) + (format === 'zstd' ? 0 : manifest.data.storedBytes);
  await demandRoom(scratchDirectory, needed, 'proof');
  context.progress(
    `proving ${backup.prefix}: ${inBytes(manifest.data.storedBytes)} stored, up to ${inBytes(needed)} of scratch`,
  );
  return withCompression(format, context.settings, 'proof', needed, (compression) =>
    engine.examine(context, { ...place, fileKeyOf, compression }, manifest),
  );
}

/** What is to be proven. */
export interface ProveWords {
  /** Of the backup; the newest when undefined. */
  readonly prefix: string | undefined;
  /** Does nothing when another of the newest so many backups is proven. */
  readonly every: number;
  /** Its keys as their owner handed them over; the key of the run when undefined. */
  readonly keys: string | undefined;
}

const outcomeOf = ({ differences, exceptions }: Finding): Proof['outcome'] => {
  if (differences.length > 0) return 'failed';
  return exceptions.length > 0 ? 'proven-except' : 'proven';
};

/**
 * Restores a backup into a scratch database, compares, and records what it found beside the backup. A proof that cannot be
 * carried out records nothing.
 *
 * @throws Stop with a documented exit code
 */
export async function prove(context: Context, { prefix, every, keys }: ProveWords): Promise<Result> {
  const { settings, progress } = context;
  const stopwatch = new Stopwatch();
  const { startedAt } = stopwatch;
  const box = await readInstanceId();
  const s3 = openS3(settings.region);
  try {
    const backup = await findBackup(s3, settings.bucket, settings.databaseName, prefix);
    const where = { bucket: settings.bucket, database: settings.databaseName };
    if (!(await isDue(s3, where, backup.prefix, every))) {
      progress(`${backup.prefix} is left unproven: one of the ${String(every)} newest is proven`);
      return { output: { prefix: backup.prefix, outcome: 'unproven' }, exit: EXIT.ok };
    }
    const finding = await carryOut(context, { s3, bucket: settings.bucket }, backup, keys);
    context.signal.throwIfAborted();
    const finishedAt = stopwatch.now;
    const proof: Proof = {
      formatVersion: 1,
      outcome: outcomeOf(finding),
      ...finding,
      manifestSha256: createHash('sha256').update(backup.manifestText, 'utf8').digest('hex'),
      startedAt: startedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
      box,
    };
    const key = proofKey(backup.prefix, finishedAt);
    await putOnce(s3, settings.bucket, key, `${JSON.stringify(proof, null, 2)}\n`);
    await forgetRunKey(settings.keyDirectory, backup.prefix);
    for (const { what, expected, found } of proof.differences)
      progress(`DIFFERENT ${what}: expected ${expected}, found ${found}`);
    progress(`${proof.outcome}: ${key}`);
    const { outcome, exceptions, differences, tablesCompared, rowsCompared } = proof;
    const { seconds } = stopwatch;
    const output = {
      prefix: backup.prefix,
      key,
      outcome,
      exceptions,
      differences,
      tablesCompared,
      rowsCompared,
      seconds,
    };
    return { output, exit: outcome === 'failed' ? EXIT.notProven : EXIT.ok };
  } finally {
    s3.destroy();
  }
}
