import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { EXIT } from '../../contract/exit-codes';
import { BACKUP_OBJECTS, BACKUPS } from '../../contract/keys';
import { Stop } from '../stop';
import { storageStop } from './client';
import { readText } from './download';

/** A committed backup. */
export interface Committed {
  /** Ends with a slash. */
  readonly prefix: string;
  /** The manifest as it is stored. */
  readonly manifestText: string;
}

/** Prefixes of all backups of a database, committed or not, newest first. */
export async function prefixesOf(s3: S3Client, bucket: string, database: string): Promise<string[]> {
  const found: string[] = [];
  let ContinuationToken: string | undefined;
  const Prefix = `${BACKUPS}${encodeURIComponent(database)}/`;
  try {
    do {
      const page = await s3.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix, Delimiter: '/', ContinuationToken }),
      );
      found.push(...(page.CommonPrefixes ?? []).flatMap((common) => common.Prefix ?? []));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  } catch (error) {
    throw storageStop('The backups could not be listed', error);
  }
  return found.sort().reverse();
}

async function committedAt(s3: S3Client, bucket: string, prefix: string): Promise<Committed | undefined> {
  const manifestText = await readText(s3, bucket, `${prefix}${BACKUP_OBJECTS.manifest}`);
  return manifestText === undefined ? undefined : { prefix, manifestText };
}

/**
 * Finds a backup: the one at `prefix`, or the newest of the database. What has no manifest is passed over.
 *
 * @throws Stop with `EXIT.notFound`
 */
export async function findBackup(
  s3: S3Client,
  bucket: string,
  database: string,
  prefix: string | undefined,
): Promise<Committed> {
  if (prefix !== undefined) {
    const found = await committedAt(s3, bucket, prefix);
    if (found !== undefined) return found;
    throw new Stop(EXIT.notFound, `There is no backup at ${prefix}: it has no ${BACKUP_OBJECTS.manifest}.`);
  }
  for (const candidate of await prefixesOf(s3, bucket, database)) {
    const found = await committedAt(s3, bucket, candidate);
    if (found !== undefined) return found;
  }
  throw new Stop(EXIT.notFound, `There is no backup of ${database} in ${bucket}.`);
}
