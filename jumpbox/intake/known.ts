import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { listedFile, packedChunk, type Receipt, receipt } from '../../contract/intake-protocol';
import { packIndexPrefix, receiptsPrefix, RECEIPT_OBJECTS } from '../../contract/keys';
import { reasonOf } from '../stop';
import { storageStop } from '../storage/client';
import { readText } from '../storage/download';
import { KnownChunks } from './known-chunks';
import { eachLine } from './lines';

/** Pushes that broke off since the newest receipt: so many of them are looked at, the newest first. */
const MOST_BROKEN = 100;
/** Ends the key of an index, behind the name of its pack. */
const INDEX = /([0-9a-f]{32})\.ndjson\.gz$/;

/** What need not be sent. */
export interface Known {
  readonly chunks: KnownChunks;
  /** Why not all is known that could be; it is said to the operator, and more has to be sent. */
  readonly problem: string | undefined;
}

/** Names of the objects and folders right below a prefix. */
async function namesBelow(s3: S3Client, Bucket: string, Prefix: string): Promise<string[]> {
  const names: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3
      .send(new ListObjectsV2Command({ Bucket, Prefix, Delimiter: '/', ContinuationToken }))
      .catch((error: unknown) => {
        throw storageStop(`${Prefix} could not be listed`, error);
      });
    names.push(...(page.CommonPrefixes ?? []).flatMap(({ Prefix: folder }) => folder ?? []));
    names.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return names;
}

/** The newest push that has a receipt, and those that began after it and have none: their prefixes. */
async function newestPushes(s3: S3Client, bucket: string, source: string) {
  const prefixes = await namesBelow(s3, bucket, receiptsPrefix(source));
  const broken: string[] = [];
  for (const prefix of prefixes.sort().reverse()) {
    const text = await readText(s3, bucket, `${prefix}${RECEIPT_OBJECTS.receipt}`);
    if (text !== undefined) return { newest: receipt.parse(JSON.parse(text)), broken };
    broken.push(prefix);
  }
  return { newest: undefined, broken };
}

/** What a push without a receipt had stored: each pack that has an index is there. */
async function addBroken(s3: S3Client, bucket: string, prefix: string, chunks: KnownChunks): Promise<void> {
  for (const key of await namesBelow(s3, bucket, packIndexPrefix(prefix))) {
    const pack = INDEX.exec(key)?.[1];
    if (pack === undefined) continue;
    await eachLine(s3, bucket, { key }, (line) => {
      const { path, ...place } = packedChunk.parse(line);
      chunks.add(path, { ...place, pack });
    });
  }
}

async function addListed(
  s3: S3Client,
  bucket: string,
  { list }: Receipt,
  chunks: KnownChunks,
): Promise<void> {
  await eachLine(s3, bucket, { key: list.key, sha256: list.storedSha256 }, (line) => {
    const file = listedFile.safeParse(line);
    if (file.success) for (const chunk of file.data.chunks) chunks.add(file.data.path, chunk);
  });
}

/** Reads what is there of a source: the newest receipt, and what pushes have stored that broke off since. */
export async function readKnown(s3: S3Client, bucket: string, source: string): Promise<Known> {
  let chunks = new KnownChunks();
  try {
    const { newest, broken } = await newestPushes(s3, bucket, source);
    chunks = new KnownChunks(newest?.files);
    if (newest !== undefined) await addListed(s3, bucket, newest, chunks);
    for (const prefix of broken.slice(0, MOST_BROKEN)) await addBroken(s3, bucket, prefix, chunks);
    return { chunks, problem: undefined };
  } catch (error) {
    // What was read is so; a list that is not what its receipt says is not.
    return { chunks: new KnownChunks(), problem: `what is there cannot be read: ${reasonOf(error)}` };
  }
}
