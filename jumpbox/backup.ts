import type { S3Client } from '@aws-sdk/client-s3';
import { EXIT } from '../contract/exit-codes';
import { BACKUP_OBJECTS, backupPrefix } from '../contract/keys';
import type { StoredObject, TableRows } from '../contract/manifest';
import { customFormat, rolesScript } from './backup/dump-format';
import { whenAborted } from './backup/race';
import { type Measured, streamInto } from './backup/stream';
import { type Access, connect, type Connection, libpqEnvironment } from './database/connection';
import { demandReadable, findLeftOut } from './database/preflight';
import { databaseStop } from './database/refusal';
import { readLogin } from './database/secret';
import { countRows, openSnapshot, type Snapshot } from './database/snapshot';
import { demandMajor, versionLine } from './database/tools';
import { trustedAuthorities } from './database/trust';
import { ProgramFailed } from './process/program';
import { readInstanceId } from './identity';
import { type Unsealed, writeManifest } from './manifest-text';
import { withPrivateDirectory, writeAuthorities } from './private-directory';
import { inBytes } from './progress';
import type { Context, Result } from './run';
import { openS3 } from './storage/client';
import { commitUpload, putOnce } from './storage/commit';
import { Upload } from './storage/upload';

/** Longest wait of the dump for a table that somebody changes; its queue would block everybody behind it. */
const LOCK_WAIT_MS = 60_000;

/** Between two lines of progress. */
const PROGRESS_MS = 2_000;

/** Everything that is known before the first byte flows. */
interface Ground extends Pick<Unsealed, 'serverVersion' | 'dumpTool' | 'compressionTool' | 'leftOut'> {
  readonly access: Access;
  readonly connection: Connection;
  readonly snapshot: Snapshot;
}

interface Uploads {
  readonly data: Upload;
  readonly roles: Upload;
}

interface Dumped {
  readonly data: Measured;
  readonly roles: Measured;
  readonly tables: readonly TableRows[];
}

/** Refuses whatever would fail later, while the programs tell their versions. Nothing is begun in S3 yet. */
async function prepare(access: Access, connection: Connection): Promise<Ground> {
  const { client } = connection;
  const compression = versionLine('zstd');
  compression.catch(() => undefined);
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  const serverVersion = rows[0]?.server_version ?? '';
  const dumpTool = await demandMajor(['pg_dump', 'pg_dumpall'], serverVersion);
  await demandReadable(client, access.login.username);
  const leftOut = await findLeftOut(client);
  const compressionTool = await compression;
  return {
    access,
    connection,
    serverVersion,
    dumpTool,
    compressionTool,
    leftOut,
    snapshot: await openSnapshot(client),
  };
}

const dumpArguments = (snapshot: string): string[] => [
  '--format=custom',
  '--compress=0',
  `--snapshot=${snapshot}`,
  `--lock-wait-timeout=${String(LOCK_WAIT_MS)}`,
  '--no-password',
];

function reporter(context: Context): (plainBytes: number, storedBytes: number) => void {
  let last = Date.now();
  return (plainBytes, storedBytes) => {
    if (Date.now() - last < PROGRESS_MS) return;
    last = Date.now();
    context.progress(`dumped ${inBytes(plainBytes)}, stored ${inBytes(storedBytes)}`);
  };
}

/** Streams roles and data into their uploads while the rows are counted in the same snapshot. */
async function dump(context: Context, ground: Ground, uploads: Uploads): Promise<Dumped> {
  const { access, connection, snapshot } = ground;
  const environment = libpqEnvironment(access);
  const { zstdLevel, databaseName } = context.settings;
  const dataFailed = new AbortController();
  const interrupted = [whenAborted(context.signal), connection.lost];
  const roles = streamInto(
    uploads.roles,
    {
      program: 'pg_dumpall',
      args: ['--roles-only', '--no-role-passwords', `--database=${databaseName}`, '--no-password'],
      environment,
      format: rolesScript(),
    },
    { zstdLevel, interrupted: [...interrupted, whenAborted(dataFailed.signal)], beside: [] },
  );
  const counting = countRows(connection.client).catch((error: unknown) => {
    throw databaseStop('The rows could not be counted', error);
  });
  try {
    const data = await streamInto(
      uploads.data,
      {
        program: 'pg_dump',
        args: dumpArguments(snapshot.point.snapshot),
        environment,
        format: customFormat(),
      },
      {
        zstdLevel,
        interrupted,
        beside: [counting, roles],
        onBytes: reporter(context),
        onFailure: dataFailed,
      },
    );
    return { data, roles: await roles, tables: await counting };
  } finally {
    dataFailed.abort();
  }
}

/** Makes the objects visible, all together, and the manifest last. */
async function commit(
  context: Context,
  s3: S3Client,
  uploads: Uploads,
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

async function transfer(context: Context, s3: S3Client, ground: Ground, box: string): Promise<Result> {
  const { settings, progress } = context;
  const startedAt = new Date();
  const prefix = backupPrefix(settings.databaseName, startedAt, box);
  const { databaseBytes, point } = ground.snapshot;
  progress(`backing up ${settings.databaseName} (${inBytes(databaseBytes)}) to ${prefix}`);
  const begin = (name: string, expected: number): Promise<Upload> =>
    Upload.begin(s3, settings.bucket, `${prefix}${name}`, expected);
  const begun: Upload[] = [];
  try {
    const data = await begin(BACKUP_OBJECTS.data, databaseBytes);
    begun.push(data);
    const roles = await begin(BACKUP_OBJECTS.roles, 0);
    begun.push(roles);
    const dumped = await dump(context, ground, { data, roles });
    progress(
      `dumped ${inBytes(dumped.data.plainBytes)}, stored ${inBytes(dumped.data.storedBytes)}; committing`,
    );
    const describe = (dataObject: StoredObject, rolesObject: StoredObject): Unsealed => ({
      formatVersion: 1,
      engine: 'postgres',
      serverVersion: ground.serverVersion,
      dumpTool: ground.dumpTool,
      compressionTool: ground.compressionTool,
      database: settings.databaseName,
      host: settings.databaseHost,
      consistentPoint: point,
      startedAt: startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      data: dataObject,
      roles: rolesObject,
      tables: [...dumped.tables],
      leftOut: [...ground.leftOut],
      box,
      execution: null,
      retentionClass: 'new',
    });
    await commit(context, s3, { data, roles }, dumped, describe, prefix);
    const seconds = (Date.now() - startedAt.getTime()) / 1000;
    progress(`committed ${prefix}`);
    const { storedBytes, plainBytes } = dumped.data;
    const rows = dumped.tables.reduce((sum, table) => sum + table.rows, 0);
    const output = { prefix, storedBytes, plainBytes, tables: dumped.tables.length, rows, seconds };
    return { output, exit: EXIT.ok };
  } catch (error) {
    for (const upload of begun) {
      const problem = await upload.abort();
      if (problem !== undefined) progress(problem);
    }
    throw error;
  }
}

/**
 * Makes one backup: dump, compress, hash, upload, commit. Nothing touches a disk but the certificates to trust.
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
  return withPrivateDirectory(async (directory) => {
    const authoritiesFile = await writeAuthorities(directory, authorities);
    const access = { settings, login, authorities, authoritiesFile };
    const connection = await connect(access);
    try {
      const ground = await prepare(access, connection).catch((error: unknown) => {
        throw error instanceof ProgramFailed
          ? error
          : databaseStop('The database could not be looked at', error);
      });
      return await transfer(context, s3, ground, box);
    } finally {
      s3.destroy();
      // When the server is gone there is nobody left to say goodbye to.
      await connection.client.end().catch(() => undefined);
    }
  });
}
