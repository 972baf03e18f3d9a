import type { S3Client } from '@aws-sdk/client-s3';
import { inBytes } from '../contract/bytes';
import { EXIT } from '../contract/exit-codes';
import { BACKUP_OBJECTS, backupPrefix } from '../contract/keys';
import type { StoredObject } from '../contract/manifest';
import type { Measured, Target } from './backup/stream';
import { Watch } from './backup/watch';
import { withCompression } from './compression/choose';
import type { Compression } from './compression/compression';
import { readLogin } from './database/secret';
import { trustedAuthorities } from './database/trust';
import type { Dumped, Session } from './engine';
import { encrypting } from './encryption/age';
import { forgetRunKey, makeRunKey } from './encryption/run-key';
import { SealedUpload } from './encryption/sealed-upload';
import { ENGINES } from './engines';
import { readInstanceId } from './identity';
import { type Unsealed, writeManifest } from '../contract/manifest-text';
import { withPrivateDirectory, writeAuthorities } from './private-directory';
import type { BoxSettings } from './environment';
import type { Context, Result } from './run';
import { reasonOf, Stop } from './stop';
import { Stopwatch } from './stopwatch';
import { Announcement } from './storage/announcement';
import { openS3 } from './storage/client';
import { commitUpload, putOnce } from './storage/commit';
import { Upload } from './storage/upload';

/** Makes the objects visible, all together, and the manifest last. */
async function commit(
  context: Context,
  s3: S3Client,
  uploads: Readonly<Record<'data' | 'roles', Upload>>,
  dumped: Dumped,
  describe: (data: StoredObject, roles: StoredObject) => Unsealed,
  prefix: string,
): Promise<void> {
  context.signal.throwIfAborted();
  const versioned = async (upload: Upload, measured: Measured): Promise<StoredObject> => {
    const versionId = await commitUpload(s3, upload);
    return versionId === undefined ? measured : { ...measured, versionId };
  };
  const roles = await versioned(uploads.roles, dumped.roles);
  const data = await versioned(uploads.data, dumped.data);
  const text = writeManifest(describe(data, roles));
  await putOnce(s3, context.settings.bucket, `${prefix}${BACKUP_OBJECTS.manifest}`, text);
}

/** A recipient of the run's own, so that its proof can read what nobody else on the box can. */
async function runRecipient({ keyDirectory }: BoxSettings, prefix: string): Promise<string> {
  return (await makeRunKey(keyDirectory, prefix)).recipient;
}

/** Encrypts on the way when there is somebody to encrypt to. */
async function sealed(upload: Upload, recipients: readonly string[]): Promise<Target> {
  if (recipients.length === 0) return upload;
  const turner = await encrypting(recipients).catch((error: unknown) => {
    throw new Stop(
      EXIT.usage,
      `Nothing can be encrypted to ${recipients.join(', ')}: ${reasonOf(error)}. Nothing was committed.`,
    );
  });
  return new SealedUpload(upload, turner);
}

async function transfer(
  context: Context,
  s3: S3Client,
  session: Session,
  box: string,
  compression: Compression,
): Promise<Result> {
  const { settings, progress } = context;
  const { databaseBytes, ...facts } = session.facts;
  const compressionTool = await compression.tool();
  const stopwatch = new Stopwatch();
  const { startedAt } = stopwatch;
  const prefix = backupPrefix(settings.databaseName, startedAt, box);
  progress(`backing up ${settings.databaseName} (${inBytes(databaseBytes)}) to ${prefix}`);
  const begun: Upload[] = [];
  const announcement = new Announcement(s3, settings.bucket, prefix, progress);
  const recipients = settings.ageRecipients;
  const begin = async (name: string, expected: number): Promise<Upload> => {
    const ending = `${compression.ending}${recipients.length === 0 ? '' : '.age'}`;
    const upload = await Upload.begin(s3, settings.bucket, `${prefix}${name}.${ending}`, expected);
    begun.push(upload);
    return upload;
  };
  try {
    const { objects } = ENGINES[settings.engine];
    const to = recipients.length === 0 ? [] : [...recipients, await runRecipient(settings, prefix)];
    const uploads = { data: await begin(objects.data, databaseBytes), roles: await begin(objects.roles, 0) };
    const dumped = await session.dump(context, {
      data: await sealed(uploads.data, to),
      roles: await sealed(uploads.roles, to),
      compression,
      watch: new Watch(progress, (table) => {
        announcement.say(table);
      }),
    });
    await announcement.end();
    const { storedBytes, plainBytes } = dumped.data;
    progress(`dumped ${inBytes(plainBytes)}, stored ${inBytes(storedBytes)}; committing`);
    const describe = (data: StoredObject, roles: StoredObject): Unsealed => ({
      formatVersion: 1,
      engine: settings.engine,
      serverVersion: facts.serverVersion,
      dumpTool: facts.dumpTool,
      compressionTool,
      ...(settings.format === 'zstd' ? {} : { format: settings.format }),
      database: settings.databaseName,
      host: settings.databaseHost,
      ...(facts.collation === undefined ? {} : { collation: facts.collation }),
      consistentPoint: facts.consistentPoint,
      startedAt: startedAt.toISOString(),
      finishedAt: stopwatch.now.toISOString(),
      ...(recipients.length === 0 ? {} : { encryption: { format: 'age', recipients: [...recipients] } }),
      data,
      roles,
      tables: [...dumped.tables],
      ...(facts.rowsLeftOut.length === 0 ? {} : { rowsLeftOut: [...facts.rowsLeftOut] }),
      leftOut: [...facts.leftOut],
      box,
      execution: settings.execution ?? null,
      retentionClass: 'new',
    });
    await commit(context, s3, uploads, dumped, describe, prefix);
    const { seconds } = stopwatch;
    progress(`committed ${prefix}`);
    const rows = dumped.tables.reduce((sum, table) => sum + table.rows, 0);
    const output = { prefix, storedBytes, plainBytes, tables: dumped.tables.length, rows, seconds };
    return { output, exit: EXIT.ok };
  } catch (error) {
    await forgetRunKey(settings.keyDirectory, prefix);
    for (const upload of begun) {
      const problem = await upload.abort();
      if (problem !== undefined) progress(problem);
    }
    throw error;
  } finally {
    await announcement.end();
  }
}

/**
 * Makes one backup: dump, compress, hash, upload, commit. Nothing touches a disk but the certificates to trust,
 * unless the format needs one.
 *
 * @throws Stop with a documented exit code; nothing is listed then, and its uploads are aborted
 */
export async function backup(context: Context): Promise<Result> {
  const { settings } = context;
  const authorities = trustedAuthorities(settings.databaseCa);
  const [box, login] = await Promise.all([
    readInstanceId(),
    readLogin(settings.region, settings.databaseSecretArn),
  ]);
  const s3 = openS3(settings.region);
  try {
    return await withPrivateDirectory(async (directory) => {
      const authoritiesFile = await writeAuthorities(directory, authorities);
      const session = await ENGINES[settings.engine].open({ settings, login, authorities, authoritiesFile });
      try {
        const { databaseBytes } = session.facts;
        // The dump, and an archive of it that may be as large.
        return await withCompression(settings.format, settings, 'backup', 2 * databaseBytes, (compression) =>
          transfer(context, s3, session, box, compression),
        );
      } finally {
        await session.close();
      }
    });
  } finally {
    s3.destroy();
  }
}
