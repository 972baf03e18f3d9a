import { createHash } from 'node:crypto';
import type { Difference, StoredObject } from '../../contract/manifest';
import { decryptingInto } from '../encryption/decrypting';
import type { Store } from '../engine';
import { plainEnvironment, start } from '../process/program';
import { drain, into, type Take } from '../process/pump';
import { reasonOf } from '../stop';
import { download } from '../storage/download';

/**
 * Streams a stored object once: hashes what S3 gives, decrypts it where it is encrypted, decompresses it, hashes what comes out
 * of each, and hands it on.
 *
 * @param takePlain - takes the decompressed bytes
 * @param interrupted - a reason to give up
 * @returns differences from what the manifest says; none when every byte is as it was
 * @throws Stop when S3 cannot be read
 */
export async function readStored(
  source: Store & {
    /** Reads the version that the manifest names, whatever lies over it; otherwise the newest, as whoever asks for the key gets. */
    readonly exactVersion?: boolean;
  },
  object: StoredObject,
  takePlain: Take,
  interrupted: readonly Promise<never>[],
): Promise<Difference[]> {
  const zstd = start('zstd', ['-q', '-d', '-c'], { environment: plainEnvironment() });
  const [stored, plain] = [createHash('sha256'), createHash('sha256')];
  let plainBytes = 0;
  const sink = into(zstd.stdin);
  const plainDone = drain(zstd.stdout, (chunk) => {
    plain.update(chunk);
    plainBytes += chunk.length;
    return takePlain(chunk);
  });
  plainDone.catch(() => undefined);
  const decrypting = source.identity === undefined ? undefined : decryptingInto(source.identity, sink.take);
  const takeStored = decrypting?.take ?? sink.take;
  const read = async (): Promise<Difference[]> => {
    const take: Take = (chunk) => {
      stored.update(chunk);
      return takeStored(chunk);
    };
    const version = source.exactVersion === true ? object.versionId : undefined;
    const held = await download(source.s3, source.bucket, object.key, take, version);
    const compressed = held === undefined ? undefined : await decrypting?.finish();
    sink.finish();
    if (held === undefined) return [{ what: object.key, expected: 'an object', found: 'none' }];
    const unpacked = await zstd.done.then(() => 'no error', reasonOf);
    await plainDone;
    const facts = [
      [
        'version id',
        object.versionId ?? 'any',
        object.versionId === undefined ? 'any' : (held.versionId ?? 'none'),
      ],
      ['stored bytes', String(object.storedBytes), String(held.bytes)],
      ['SHA-256 of the stored bytes', object.storedSha256, stored.digest('hex')],
      ...(compressed === undefined
        ? []
        : ([
            ['decryption', 'no error', compressed.outcome],
            ['compressed bytes', String(object.compressedBytes), String(compressed.bytes)],
            ['SHA-256 of the compressed bytes', object.compressedSha256 ?? 'none', compressed.sha256],
          ] as const)),
      ['decompression', 'no error', unpacked],
      ['bytes', String(object.plainBytes), String(plainBytes)],
      ['SHA-256 of the bytes', object.plainSha256, plain.digest('hex')],
    ] as const;
    return facts.flatMap(([what, expected, found]) =>
      expected === found ? [] : [{ what: `${what} of ${object.key}`, expected, found }],
    );
  };
  try {
    return await Promise.race([read(), ...interrupted]);
  } finally {
    await zstd.end();
  }
}
