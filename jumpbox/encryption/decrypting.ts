import { createHash } from 'node:crypto';
import type { Take } from '../process/pump';
import { reasonOf } from '../stop';
import { Decryption } from './age';

/** What came out of a stream that was decrypted. */
export interface Decrypted {
  readonly bytes: number;
  readonly sha256: string;
  /** `no error`, or what was wrong. */
  readonly outcome: string;
}

/**
 * Decrypts on the way to a taker. What cannot be decrypted is no fault of the stream that brings it: it is dropped, and told
 * at the end.
 */
export function decryptingInto(
  fileKeyOf: (header: Buffer) => Promise<Uint8Array>,
  taker: Take,
): { readonly take: Take; readonly finish: () => Promise<Decrypted> } {
  const decryption = new Decryption(fileKeyOf);
  const hash = createHash('sha256');
  let bytes = 0;
  let failure: string | undefined;
  const give = async (turn: () => Promise<Buffer> | Buffer): Promise<void> => {
    if (failure !== undefined) return;
    const plain = await (async () => turn())().catch((error: unknown) => {
      failure = reasonOf(error);
    });
    if (plain === undefined || plain.length === 0) return;
    hash.update(plain);
    bytes += plain.length;
    await taker(plain);
  };
  return {
    take: (chunk) => give(() => decryption.take(chunk)),
    finish: async () => {
      await give(() => decryption.finish());
      return { bytes, sha256: hash.digest('hex'), outcome: failure ?? 'no error' };
    },
  };
}
