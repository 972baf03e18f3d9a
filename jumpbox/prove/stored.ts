import { createHash } from 'node:crypto';
import type { Difference, StoredObject } from '../../contract/manifest';
import { decryptingInto } from '../encryption/decrypting';
import type { Store } from '../engine';
import { drain, into, type Take } from '../process/pump';
import { reasonOf, Stop } from '../stop';
import { download } from '../storage/download';

/**
 * Streams a stored object once: hashes what S3 gives, decrypts it where it is encrypted, decompresses it, hashes what comes out
 * of each, and hands it on.
 *
 * @param takePlain - takes the decompressed bytes
 * @param interrupted - a reason to give up
 * @returns differences from what the manifest says; none when every byte is as it was
 * @throws Stop when S3 cannot be read, or what it holds cannot be unpacked here
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
  const large = source.compression.decompress();
  const [stored, plain] = [createHash('sha256'), createHash('sha256')];
  let plainBytes = 0;
  const sink = into(large.stdin);
  const plainDone = drain(large.stdout, (chunk) => {
    plain.update(chunk);
    plainBytes += chunk.length;
    return takePlain(chunk);
  });
  plainDone.catch(() => undefined);
  const { fileKeyOf } = source;
  const decrypting = fileKeyOf && decryptingInto((header) => fileKeyOf(object.key, header), sink.take);
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
    const failure = await large.done.then(
      () => undefined,
      (error: unknown) => error,
    );
    await plainDone;
    const storedSha256 = stored.digest('hex');
    // A disk that is full, a program or a password that is not there: nothing is wrong with bytes that are as they were stored.
    if (failure instanceof Stop && storedSha256 === object.storedSha256) throw failure;
    const facts = [
      [
        'version id',
        object.versionId ?? 'any',
        object.versionId === undefined ? 'any' : (held.versionId ?? 'none'),
      ],
      ['stored bytes', String(object.storedBytes), String(held.bytes)],
      ['SHA-256 of the stored bytes', object.storedSha256, storedSha256],
      ...(compressed === undefined
        ? []
        : ([
            ['decryption', 'no error', compressed.outcome],
            ['compressed bytes', String(object.compressedBytes), String(compressed.bytes)],
            ['SHA-256 of the compressed bytes', object.compressedSha256 ?? 'none', compressed.sha256],
          ] as const)),
      ['decompression', 'no error', failure === undefined ? 'no error' : reasonOf(failure)],
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
    await large.end();
  }
}
