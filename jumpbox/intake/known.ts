import { createGunzip } from 'node:zlib';
import { createHash } from 'node:crypto';
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { listedFile, type Receipt, receipt } from '../../contract/intake-protocol';
import { RECEIPT_OBJECTS, receiptsPrefix } from '../../contract/keys';
import { reasonOf } from '../stop';
import { storageStop } from '../storage/client';
import { download, readText } from '../storage/download';
import { fingerprint, Fingerprints } from './fingerprints';

/** What the newest receipt says is there: (path, chunk) pairs. */
export interface Known {
  readonly chunks: Fingerprints;
  /** Why nothing is known although there is a receipt; it is said to the operator, and everything is sent again. */
  readonly problem: string | undefined;
}

/** The fingerprint of a chunk under its path. */
export const chunkFingerprint = (path: string, sha256: string): Buffer => fingerprint(path, sha256);

async function newestReceipt(s3: S3Client, bucket: string, source: string): Promise<Receipt | undefined> {
  const prefixes: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3
      .send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: receiptsPrefix(source),
          Delimiter: '/',
          ContinuationToken,
        }),
      )
      .catch((error: unknown) => {
        throw storageStop('The receipts could not be listed', error);
      });
    prefixes.push(...(page.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? []));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  for (const prefix of prefixes.sort().reverse()) {
    const text = await readText(s3, bucket, `${prefix}${RECEIPT_OBJECTS.receipt}`);
    if (text !== undefined) return receipt.parse(JSON.parse(text));
  }
  return undefined;
}

/** Calls back with each line of a list of files as it comes; memory is that of one line. */
export async function eachListed(
  s3: S3Client,
  bucket: string,
  list: Receipt['list'],
  take: (line: unknown) => void,
): Promise<void> {
  const gunzip = createGunzip();
  const hash = createHash('sha256');
  let rest = '';
  gunzip.setEncoding('utf8');
  gunzip.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(JSON.parse(line));
  });
  const ended = new Promise<void>((resolve, reject) => gunzip.once('end', resolve).once('error', reject));
  // Awaited below; a failure before that must not count as unhandled.
  ended.catch(() => undefined);
  const found = await download(s3, bucket, list.key, (chunk) => {
    hash.update(chunk);
    if (!gunzip.write(chunk)) return new Promise((resolve) => gunzip.once('drain', resolve));
    return undefined;
  });
  gunzip.end();
  await ended;
  if (found === undefined) throw new Error(`${list.key} is not there`);
  if (hash.digest('hex') !== list.storedSha256) throw new Error(`${list.key} is not what its receipt says`);
}

/** Reads the newest receipt of a source, so that what is unchanged is not sent again. */
export async function readKnown(s3: S3Client, bucket: string, source: string): Promise<Known> {
  const chunks = new Fingerprints();
  try {
    const newest = await newestReceipt(s3, bucket, source);
    if (newest !== undefined) {
      await eachListed(s3, bucket, newest.list, (line) => {
        const file = listedFile.safeParse(line);
        if (file.success)
          for (const sha256 of file.data.chunks) chunks.add(chunkFingerprint(file.data.path, sha256));
      });
    }
    return { chunks, problem: undefined };
  } catch (error) {
    return { chunks: new Fingerprints(), problem: `the newest receipt cannot be used: ${reasonOf(error)}` };
  }
}
