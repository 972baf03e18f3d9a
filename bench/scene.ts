import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { CreateBucketCommand, DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { BOX_ENVIRONMENT } from '../contract/environment';
import { prepareEmulator, startEmulator } from '../lab/moto';
import { labProcessesOf } from '../lab/processes';
import { close } from '../test/support/address';
import { startMetadata } from '../test/support/metadata';
import type { Format } from '../contract/manifest';
import { makeKeyPair } from '../jumpbox/encryption/age';
import { type BenchDatabase, type BenchEngine, givenDatabase, makeDatabase } from './database';
import { makeMariadb } from './mariadb';
import { buildBoxProgram } from '../lib/bundle';

export const BUCKET = 'bench';

/** Everything around the programs that are measured. */
export interface Scene {
  readonly directory: string;
  readonly database: BenchDatabase;
  /** The bundled program of the box. */
  readonly program: string;
  /** Of every program: PATH, the database, the address of S3. */
  readonly environment: NodeJS.ProcessEnv;
  /** Of the box's program, besides. */
  readonly box: NodeJS.ProcessEnv;
  readonly aws: string;
  readonly format: Format;
  /** Recipient of age; undefined where nothing is encrypted on the box. */
  readonly recipient: string | undefined;
  /** Bytes of the stored objects whose key holds this. */
  storedBytes(part: string): Promise<number>;
  emptyBucket(): Promise<void>;
  stop(): Promise<void>;
}

/** Password of archives. */
export const ARCHIVE_PASSWORD = 'not-a-secret';

/** What is asked of the scene. */
export interface SceneOptions {
  /** Somebody else's; one of our own when undefined. */
  readonly database: string | undefined;
  readonly rows: number;
  readonly engine: BenchEngine;
  readonly format: Format;
  /** Encrypt on the box, by age. */
  readonly encrypt: boolean;
  readonly say: (line: string) => void;
}

async function undoAll(undo: readonly (() => unknown)[]): Promise<void> {
  for (const step of [...undo].reverse()) await step();
}

async function prepare(options: SceneOptions, undo: (() => unknown)[]): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'drawbridge-bench-'));
  undo.push(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, 'scratch'));
  options.say('making the database');
  const make = options.engine === 'mariadb' ? makeMariadb : makeDatabase;
  const database =
    options.database === undefined ? await make(directory, options.rows) : givenDatabase(options.database);
  undo.push(() => database.stop());
  const processes = labProcessesOf(`bench-${randomBytes(4).toString('hex')}`);
  undo.push(() => processes.stop());
  const log = openSync(join(directory, 'moto.log'), 'a');
  undo.push(() => {
    closeSync(log);
  });
  const emulator = await prepareEmulator(options.say);
  if (emulator.aws === undefined) throw new Error('The AWS CLI is not installed (pip install awscli).');
  const endpoint = await startEmulator(emulator, processes, log);
  const metadata = await startMetadata('i-0123456789abcdef0');
  undo.push(() => close(metadata.server));
  const aws = {
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  };
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
  const secrets = new SecretsManagerClient(aws);
  undo.push(() => {
    s3.destroy();
    secrets.destroy();
  });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const SecretString = JSON.stringify({ username: database.username, password: database.password });
  const archive = await secrets.send(
    new CreateSecretCommand({ Name: 'archives', SecretString: ARCHIVE_PASSWORD }),
  );
  const recipient = options.encrypt ? (await makeKeyPair()).recipient : undefined;
  const { ARN = '' } = await secrets.send(new CreateSecretCommand({ Name: 'database', SecretString }));
  const list = async () => (await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }))).Contents ?? [];
  return {
    directory,
    database,
    program: buildBoxProgram(directory),
    aws: emulator.aws,
    format: options.format,
    recipient,
    environment: {
      PATH: [...(database.bin === undefined ? [] : [database.bin]), process.env.PATH ?? ''].join(delimiter),
      HOME: directory,
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_ENDPOINT_URL: endpoint,
      AWS_DEFAULT_REGION: 'us-east-1',
      ...database.environment,
    },
    box: {
      AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
      [BOX_ENVIRONMENT.region]: 'us-east-1',
      [BOX_ENVIRONMENT.bucket]: BUCKET,
      [BOX_ENVIRONMENT.engine]: database.engine,
      [BOX_ENVIRONMENT.databaseHost]: database.host,
      [BOX_ENVIRONMENT.databasePort]: database.port,
      [BOX_ENVIRONMENT.databaseName]: database.name,
      [BOX_ENVIRONMENT.databaseSecretArn]: ARN,
      [BOX_ENVIRONMENT.databaseCa]: database.caFile ?? '',
      [BOX_ENVIRONMENT.scratchDirectory]: join(directory, 'scratch'),
      [BOX_ENVIRONMENT.zstdLevel]: '1',
      [BOX_ENVIRONMENT.format]: options.format,
      [BOX_ENVIRONMENT.archiveSecretArn]: archive.ARN,
      [BOX_ENVIRONMENT.ageRecipients]: recipient ?? '',
      [BOX_ENVIRONMENT.keyDirectory]: join(directory, 'keys'),
    },
    storedBytes: async (part) =>
      (await list()).reduce((sum, { Key = '', Size = 0 }) => (Key.includes(part) ? sum + Size : sum), 0),
    emptyBucket: async () => {
      for (const { Key } of await list()) await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
    },
    stop: () => undoAll(undo),
  };
}

/** Sets the scene; everything it started is ended by {@link Scene.stop}, or at once when a part of it fails. */
export async function setScene(options: SceneOptions): Promise<Scene> {
  const undo: (() => unknown)[] = [];
  try {
    return await prepare(options, undo);
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}
