import { createWriteStream } from 'node:fs';
import { EXIT } from '../../contract/exit-codes';
import type { StoredObject } from '../../contract/manifest';
import type { Store } from '../engine';
import { into, type Take } from '../process/pump';
import { readStored } from '../prove/stored';
import { noRoom } from '../prove/trouble';
import { codeOf, reasonOf, Stop } from '../stop';

/**
 * Hands on the decompressed bytes of an object, whose every byte is hashed against the manifest on the way.
 *
 * @throws Stop when they are not the bytes of the manifest; `take` has had some of them by then
 */
export async function fetchPlain(
  store: Store,
  object: StoredObject,
  take: Take,
  interrupted: readonly Promise<never>[],
): Promise<void> {
  const differences = await readStored({ ...store, exactVersion: true }, object, take, interrupted);
  if (differences.length === 0) return;
  const lines = differences.map(
    ({ what, expected, found }) => `- ${what}: expected ${expected}, found ${found}`,
  );
  throw new Stop(
    EXIT.notProven,
    [
      `${object.key} is not what the manifest says:`,
      ...lines,
      'Choose another backup, and prove this one again.',
    ].join('\n'),
  );
}

/** The same as text; for small objects. */
export async function fetchText(
  store: Store,
  object: StoredObject,
  interrupted: readonly Promise<never>[],
): Promise<string> {
  const pieces: Buffer[] = [];
  await fetchPlain(store, object, (chunk) => void pieces.push(chunk), interrupted);
  return Buffer.concat(pieces).toString('utf8');
}

/** The same into a new file, which is whole and verified when this returns. */
export async function fetchFile(
  store: Store,
  object: StoredObject,
  path: string,
  interrupted: readonly Promise<never>[],
  onBytes: (plainBytes: number) => void,
): Promise<void> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600, highWaterMark: 1024 * 1024 });
  const closed = new Promise<void>((resolve, reject) => {
    file.once('close', resolve);
    file.once('error', (error) => {
      const full = codeOf(error) === 'ENOSPC' || noRoom(reasonOf(error));
      reject(
        new Stop(
          full ? EXIT.noRoom : EXIT.failed,
          `The dump could not be written to the disk of the box: ${reasonOf(error)}. ` +
            'Nothing was begun in the database. Give boxes a larger disk (boxVolumeGiB).',
        ),
      );
    });
  });
  closed.catch(() => undefined);
  const failed = closed.then(() => new Promise<never>(() => undefined));
  const sink = into(file);
  let bytes = 0;
  try {
    const take: Take = (chunk) => {
      bytes += chunk.length;
      onBytes(bytes);
      return sink.take(chunk);
    };
    await fetchPlain(store, object, take, [...interrupted, failed]);
    sink.finish();
    await closed;
  } finally {
    file.destroy();
  }
}
