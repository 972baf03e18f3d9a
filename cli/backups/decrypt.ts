import { ReadableStream } from 'node:stream/web';
import { readIdentities } from './identities';

/** Turns the bytes of a file of age into what was encrypted. */
export type Decrypt = (source: AsyncIterable<Buffer>) => AsyncGenerator<Uint8Array>;

/** Decrypts with the secret keys in a file. */
export async function decryptWith(identityFile: string): Promise<Decrypt> {
  const opener = await readIdentities(identityFile);
  return async function* decrypted(source) {
    const plain = await opener().decrypt(ReadableStream.from(source) as never);
    yield* plain as unknown as AsyncIterable<Uint8Array>;
  };
}
