import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { jsonOf } from '../../contract/json';
import { BACKUP_OBJECTS } from '../../contract/keys';
import { proof as schema } from '../../contract/manifest';
import { prefixesOf } from '../storage/catalog';
import { storageStop } from '../storage/client';
import { readText } from '../storage/download';

/** Names of the objects of one backup; even after many proofs they fit on one page. */
async function namesAt(s3: S3Client, bucket: string, prefix: string): Promise<string[]> {
  try {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
    return Contents.map(({ Key = '' }) => Key.slice(prefix.length));
  } catch (error) {
    throw storageStop(`The objects of ${prefix} could not be listed`, error);
  }
}

async function isProven(
  s3: S3Client,
  bucket: string,
  prefix: string,
  names: readonly string[],
): Promise<boolean> {
  const newest = names
    .filter((name) => name.startsWith('proof-'))
    .sort()
    .at(-1);
  if (newest === undefined) return false;
  const text = await readText(s3, bucket, `${prefix}${newest}`);
  // What cannot be read as a proof proves nothing, and is no reason to prove nothing else.
  const parsed = schema.safeParse(jsonOf(text ?? ''));
  return parsed.success && parsed.data.outcome !== 'failed';
}

/**
 * Says whether a backup is to be proven: no other of the newest `every` backups of the database is.
 *
 * @param prefix - of the backup in question, the newest one
 */
export async function isDue(
  s3: S3Client,
  where: { readonly bucket: string; readonly database: string },
  prefix: string,
  every: number,
): Promise<boolean> {
  let looked = 1;
  for (const other of await prefixesOf(s3, where.bucket, where.database)) {
    if (looked >= every) return true;
    if (other >= prefix) continue;
    const names = await namesAt(s3, where.bucket, other);
    if (!names.includes(BACKUP_OBJECTS.manifest)) continue;
    if (await isProven(s3, where.bucket, other, names)) return false;
    looked += 1;
  }
  return true;
}
