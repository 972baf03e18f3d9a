/** A program of its own: prints what an owner hands a box of which the key is known. Its one word is JSON. */
import { S3Client } from '@aws-sdk/client-s3';
import type { Stack } from '../../cli/aws/stack';
import type { Found } from '../../cli/backups/catalog';
import { handOver, keysOf } from '../../cli/backups/hand-over';
import type { Manifest } from '../../contract/manifest';

interface Asked {
  readonly endpoint: string;
  readonly bucket: string;
  readonly manifest: Manifest;
  readonly identityFile: string;
  /** What the box printed. */
  readonly key: unknown;
}

async function main({ endpoint, bucket, manifest, identityFile, key }: Asked): Promise<void> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const s3 = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true });
  const found = { id: manifest.data.key, prefix: 'asked' } as Found;
  const keys = await keysOf({ s3, bucket }, found, manifest, identityFile);
  const stack = { outputs: { OneTimeKeyDocumentName: 'document' } } as unknown as Stack;
  process.stdout.write(await handOver(() => Promise.resolve(key), stack, found, keys));
  s3.destroy();
}

void main(JSON.parse(process.argv[2] ?? '') as Asked);
