import type { S3Client } from '@aws-sdk/client-s3';
import { jsonOf } from '../../contract/json';
import { BACKUP_OBJECTS } from '../../contract/keys';
import { manifest as schema } from '../../contract/manifest';
import { NEWEST_BACKUP } from '../../contract/metrics';
import { log } from '../log';
import type { Candidate } from './plan';
import { readText } from './read';

/** Writes into the log what the newest backup of a database is: size, duration, rate. For the dashboard, which reads logs. */
export async function logNewest(
  s3: S3Client,
  bucket: string,
  database: string,
  candidates: readonly Candidate[],
): Promise<void> {
  const [newest] = [...candidates].sort((a, b) => b.storedAt.getTime() - a.storedAt.getTime());
  if (newest === undefined) return;
  const { prefix, proven } = newest;
  const text = await readText(s3, bucket, `${prefix}${BACKUP_OBJECTS.manifest}`);
  const { success, data: manifest } = schema.safeParse(jsonOf(text));
  if (!success) {
    log(NEWEST_BACKUP, { database, prefix, proven, problem: 'its manifest cannot be read' });
    return;
  }
  const seconds = (Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt)) / 1000;
  log(NEWEST_BACKUP, {
    database,
    prefix,
    proven,
    seconds,
    storedMiB: mebibytes(manifest.data.storedBytes),
    plainMiB: mebibytes(manifest.data.plainBytes),
    // Of a clock that was set back, nothing is said.
    ...(seconds > 0 ? { plainMiBPerSecond: mebibytes(manifest.data.plainBytes) / seconds } : {}),
  });
}

const mebibytes = (bytes: number): number => bytes / 1_048_576;
