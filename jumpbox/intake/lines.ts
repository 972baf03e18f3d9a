import { createHash } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import type { S3Client } from '@aws-sdk/client-s3';
import { download } from '../storage/download';

/**
 * Calls back with each line of a compressed object as it comes; memory is that of one line.
 *
 * @param sha256 - what the stored bytes must hash to, when that is known
 * @throws Error when it is not there, or not what it should be
 */
export async function eachLine(
  s3: S3Client,
  bucket: string,
  object: { readonly key: string; readonly sha256?: string },
  take: (line: unknown) => void,
): Promise<void> {
  const gunzip = createGunzip();
  const hash = createHash('sha256');
  let rest = '';
  gunzip.setEncoding('utf8');
  gunzip.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    try {
      for (const line of lines) take(JSON.parse(line));
    } catch (error) {
      gunzip.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });
  const ended = new Promise<void>((resolve, reject) => gunzip.once('end', resolve).once('error', reject));
  // Awaited below; a failure before that must not count as unhandled.
  ended.catch(() => undefined);
  const found = await download(s3, bucket, object.key, (chunk) => {
    hash.update(chunk);
    if (gunzip.destroyed || gunzip.write(chunk)) return undefined;
    return Promise.race([new Promise<void>((resolve) => gunzip.once('drain', resolve)), ended]);
  });
  gunzip.end();
  await ended;
  if (found === undefined) throw new Error(`${object.key} is not there`);
  if (object.sha256 !== undefined && hash.digest('hex') !== object.sha256)
    throw new Error(`${object.key} is not what its receipt says`);
}
