import { createHash } from 'node:crypto';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { BACKUP_OBJECTS } from '../../contract/keys';
import { proof as schema } from '../../contract/manifest';
import type { Stored } from './inventory';

async function read(s3: S3Client, bucket: string, key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await Body?.transformToString()) ?? '';
}

/**
 * Whether the newest proof of a backup says that it restores, and was made of the manifest that is there now. A proof that
 * cannot be read as one proves nothing.
 */
export async function isProven(s3: S3Client, bucket: string, { prefix, objects }: Stored): Promise<boolean> {
  const newest = [...objects.keys()]
    .filter((name) => name.startsWith('proof-'))
    .sort()
    .at(-1);
  if (newest === undefined) return false;
  let json: unknown;
  try {
    json = JSON.parse(await read(s3, bucket, `${prefix}${newest}`));
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success || parsed.data.outcome === 'failed') return false;
  const manifest = await read(s3, bucket, `${prefix}${BACKUP_OBJECTS.manifest}`);
  return createHash('sha256').update(manifest, 'utf8').digest('hex') === parsed.data.manifestSha256;
}
