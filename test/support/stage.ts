import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Engine } from '../../contract/engines';
import { BOX_ENVIRONMENT } from '../../contract/environment';
import { prepareEmulator, startEmulator } from '../../lab/moto';
import { labProcessesOf } from '../../lab/processes';
import type { Cluster } from '../../lab/rds/cluster';
import type { MariadbServer } from '../../lab/rds/mariadb';
import { close } from './address';
import { startMetadata } from './metadata';
import { startSampleMariadb } from './mariadb';
import { startSampleCluster } from './postgres';
import { type S3Faults, startS3Faults } from './s3-faults';
import { type BoxRun, runBox } from './box-run';
import { buildBoxProgram } from '../../lib/bundle';

export const BUCKET = 'backups-of-the-test';
export const INSTANCE = 'i-0123456789abcdef0';
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** What every database server has. */
export interface DatabaseServer {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly master: { readonly username: string; readonly password: string };
  readonly caFile: string;
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
}

/** Everything around the box's program: a database, S3 with a proxy for faults, the secret, the metadata service. */
export interface Stage<S extends DatabaseServer = DatabaseServer> {
  readonly directory: string;
  readonly cluster: S;
  readonly s3: S3Client;
  readonly faults: S3Faults;
  /** Directory that stands first in the box's PATH, empty at first. */
  readonly tools: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Starts the program with the stage's environment and the given changes. */
  box(words: readonly string[], changes?: NodeJS.ProcessEnv): BoxRun;
  setPassword(password: string): Promise<void>;
  /** Changes the whole secret. */
  setLogin(login: { readonly username: string; readonly password: string }): Promise<void>;
  /** Puts a shell script first in the box's PATH. */
  fakeTool(name: string, script: string): void;
  clearTools(): void;
  stop(): Promise<void>;
}

/** Where a server's own programs are, when PATH does not say it. */
const programsOf = (server: DatabaseServer): string[] =>
  'bin' in server && typeof server.bin === 'string' ? [server.bin] : [];

async function undoAll(undo: readonly (() => unknown)[]): Promise<void> {
  for (const step of [...undo].reverse()) await step();
}

/**
 * Sets the stage. Whatever was started is ended by {@link Stage.stop}, and at once when a later part fails.
 *
 * @param rows - orders in the sample database
 */
export const setStage = (rows: number): Promise<Stage<Cluster>> =>
  setUp('postgres', (directory) => startSampleCluster(directory, rows));

/** The same with MariaDB. */
export const setMariadbStage = (rows: number): Promise<Stage<MariadbServer>> =>
  setUp('mariadb', (directory) => startSampleMariadb(directory, rows));

async function setUp<S extends DatabaseServer>(
  engine: Engine,
  startServer: (directory: string) => Promise<S>,
): Promise<Stage<S>> {
  const undo: (() => unknown)[] = [];
  try {
    return await buildStage(engine, startServer, undo);
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}

async function buildStage<S extends DatabaseServer>(
  engine: Engine,
  startServer: (directory: string) => Promise<S>,
  undo: (() => unknown)[],
): Promise<Stage<S>> {
  const directory = mkdtempSync(join(tmpdir(), 'drawbridge-test-'));
  undo.push(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  chmodSync(directory, 0o755);
  const [tools, scratch] = [join(directory, 'tools'), join(directory, 'scratch')];
  for (const path of [tools, scratch]) mkdirSync(path);
  const program = buildBoxProgram(directory);
  const cluster = await startServer(directory);
  undo.push(() => cluster.stop('immediate'));

  const processes = labProcessesOf(`test-${randomBytes(4).toString('hex')}`);
  undo.push(() => processes.stop());
  const log = openSync(join(directory, 'moto.log'), 'a');
  undo.push(() => {
    closeSync(log);
  });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const endpoint = await startEmulator(await prepareEmulator(say), processes, log);
  const faults = await startS3Faults(endpoint);
  const metadata = await startMetadata(INSTANCE);
  const servers: Server[] = [faults.server, metadata.server];
  undo.push(() => Promise.all(servers.map(close)));

  const aws = { region: 'us-east-1', endpoint, credentials: CREDENTIALS };
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
  const secrets = new SecretsManagerClient(aws);
  undo.push(() => {
    s3.destroy();
    secrets.destroy();
  });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const versioning = { Status: 'Enabled' } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: versioning }));
  const SecretString = JSON.stringify(cluster.master);
  const { ARN = '' } = await secrets.send(new CreateSecretCommand({ Name: 'database', SecretString }));

  const environment = {
    PATH: [tools, ...programsOf(cluster), process.env.PATH ?? ''].join(delimiter),
    HOME: directory,
    TMPDIR: process.env.TMPDIR ?? '/tmp',
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: faults.url,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
    [BOX_ENVIRONMENT.region]: 'us-east-1',
    [BOX_ENVIRONMENT.bucket]: BUCKET,
    [BOX_ENVIRONMENT.engine]: engine,
    [BOX_ENVIRONMENT.databaseHost]: cluster.host,
    [BOX_ENVIRONMENT.databasePort]: String(cluster.port),
    [BOX_ENVIRONMENT.databaseName]: cluster.database,
    [BOX_ENVIRONMENT.databaseSecretArn]: ARN,
    [BOX_ENVIRONMENT.databaseCa]: cluster.caFile,
    [BOX_ENVIRONMENT.scratchDirectory]: scratch,
    [BOX_ENVIRONMENT.zstdLevel]: '1',
    [BOX_ENVIRONMENT.keyDirectory]: join(directory, 'keys'),
  };
  const setLogin: Stage['setLogin'] = async (login) => {
    await secrets.send(new PutSecretValueCommand({ SecretId: ARN, SecretString: JSON.stringify(login) }));
  };
  const clearTools = (): void => {
    rmSync(tools, { recursive: true });
    mkdirSync(tools);
  };
  return {
    directory,
    cluster,
    s3,
    faults,
    tools,
    environment,
    box: (words, changes = {}) => runBox(program, words, { ...environment, ...changes }),
    setPassword: (password) => setLogin({ username: cluster.master.username, password }),
    setLogin,
    fakeTool: (name, script) => {
      writeFileSync(join(tools, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
    },
    clearTools,
    stop: () => undoAll(undo),
  };
}
