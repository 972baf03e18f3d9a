import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { jsonOf } from '../../contract/json';
import { BACKUP_OBJECTS } from '../../contract/keys';
import { proof as schema } from '../../contract/manifest';
import type { Stored } from './inventory';
import { readText } from './read';

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
  const parsed = schema.safeParse(jsonOf(await readText(s3, bucket, `${prefix}${newest}`)));
  if (!parsed.success || parsed.data.outcome === 'failed') return false;
  const manifest = await readText(s3, bucket, `${prefix}${BACKUP_OBJECTS.manifest}`);
  return createHash('sha256').update(manifest, 'utf8').digest('hex') === parsed.data.manifestSha256;
}
