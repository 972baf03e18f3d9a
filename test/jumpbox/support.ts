import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { BOX_ENVIRONMENT } from '../../contract/environment';
import { instanceOfKey } from '../../contract/keys';
import { type Manifest, manifest, type Proof, proof } from '../../contract/manifest';
import type { BoxEnd } from '../support/box-run';
import { BUCKET, INSTANCE, type Stage } from '../support/stage';

/** What can be seen in the bucket. */
export async function keysIn(stage: Stage): Promise<string[]> {
  const { Contents = [] } = await stage.s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  return Contents.map(({ Key = '' }) => Key);
}

/** Prefixes of what is listed as a backup: those with a manifest. */
export async function backupsIn(stage: Stage): Promise<string[]> {
  const manifests = (await keysIn(stage)).filter((key) => key.endsWith('/manifest.json'));
  return manifests.map((key) => key.slice(0, -'manifest.json'.length));
}

export async function openUploads(stage: Stage): Promise<string[]> {
  const { Uploads = [] } = await stage.s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
  return Uploads.map(({ Key = '' }) => Key);
}

/** What the sweep does with the uploads of a dead box. */
export async function sweepUploads(stage: Stage, deadBox = INSTANCE): Promise<void> {
  const { Uploads = [] } = await stage.s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
  for (const { Key = '', UploadId } of Uploads) {
    if (instanceOfKey(Key) === deadBox) {
      await stage.s3.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key, UploadId }));
    }
  }
}

export async function readKey(stage: Stage, key: string): Promise<Buffer> {
  const { Body } = await stage.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
  if (Body === undefined) throw new Error(`${key} has no body`);
  return Buffer.from(await Body.transformToByteArray());
}

export const readManifestAt = async (stage: Stage, prefix: string): Promise<Manifest> =>
  manifest.parse(JSON.parse((await readKey(stage, `${prefix}manifest.json`)).toString('utf8')));

export const readProofAt = async (stage: Stage, key: unknown): Promise<Proof> =>
  proof.parse(JSON.parse((await readKey(stage, String(key))).toString('utf8')));

/** Puts an altered object over another, as somebody with the rights of the bucket's owner could. */
export async function alter(
  stage: Stage,
  key: string,
  change: (bytes: Buffer) => void,
): Promise<() => Promise<void>> {
  const original = await readKey(stage, key);
  const altered = Buffer.from(original);
  change(altered);
  expect(altered.equals(original)).toBe(false);
  await stage.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: altered }));
  return async () => {
    await stage.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: original }));
  };
}

/** A directory for the program's temporary files, and what is left in it. */
export function temporaryDirectory(stage: Stage): {
  readonly path: string;
  left(): string[];
  remove(): void;
} {
  const path = join(stage.directory, `t${randomBytes(3).toString('hex')}`);
  mkdirSync(path, { mode: 0o755 });
  return {
    path,
    left: () => readdirSync(path),
    remove: () => {
      rmSync(path, { recursive: true });
    },
  };
}

/** Words of a program for its operator: what it wrote to standard error without the runtime's own warnings. */
export const told = (stderr: string): string =>
  stderr
    .split('\n')
    .filter((line) => /\S/.test(line) && !/^\s+\d+\.\d s {2}/.test(line))
    .join('\n');

/** The promise of every fault: what was listed before is listed now, nothing more; no upload is left open; one message. */
export async function expectFailure(
  stage: Stage,
  run: () => Promise<BoxEnd>,
  code: number,
  message: RegExp,
): Promise<BoxEnd> {
  const before = await backupsIn(stage);
  const end = await run();
  expect(told(end.stderr)).toMatch(message);
  expect(end.code).toBe(code);
  expect(end.stdout).toBe('');
  expect(end.stderr).not.toMatch(/^\s+at .*\(/m);
  expect(await backupsIn(stage)).toEqual(before);
  expect(await openUploads(stage)).toEqual([]);
  return end;
}

/** Makes a secret with the password of archives; the settings of a box that packs them. */
export async function archives(stage: Stage, name: string, password: string): Promise<NodeJS.ProcessEnv> {
  const client = new SecretsManagerClient({
    region: 'us-east-1',
    endpoint: stage.environment.AWS_ENDPOINT_URL ?? '',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const { ARN } = await client.send(new CreateSecretCommand({ Name: name, SecretString: password }));
  client.destroy();
  return { [BOX_ENVIRONMENT.format]: '7z', [BOX_ENVIRONMENT.archiveSecretArn]: ARN };
}

/** A key of age as its owner makes it, with the standard tool. */
export function makeAgeKey(directory: string, name: string): { file: string; recipient: string } {
  const file = join(directory, name);
  execFileSync('age-keygen', ['-o', file], { stdio: 'ignore' });
  return { file, recipient: execFileSync('age-keygen', ['-y', file], { encoding: 'utf8' }).trim() };
}
