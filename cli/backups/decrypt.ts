import { readFile } from 'node:fs/promises';
import { ReadableStream } from 'node:stream/web';
import { Decrypter } from 'age-encryption';
import { EXIT } from '../../contract/exit-codes';
import { Problem } from '../framework/problem';

/** Turns the bytes of a file of age into what was encrypted. */
export type Decrypt = (source: AsyncIterable<Buffer>) => AsyncGenerator<Uint8Array>;

/**
 * Reads secret keys of age, one a line, as `age-keygen` writes them.
 *
 * @throws Problem when there is none in the file
 */
export async function decryptWith(identityFile: string): Promise<Decrypt> {
  const text = await readFile(identityFile, 'utf8').catch((error: unknown) => {
    throw new Problem(
      EXIT.usage,
      `The key file cannot be read: ${String(error)}.`,
      'Name the one that age-keygen made.',
    );
  });
  const identities = text.split('\n').filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (identities.length === 0)
    throw new Problem(
      EXIT.usage,
      `${identityFile} holds no secret key of age.`,
      'It has a line AGE-SECRET-KEY-….',
    );
  return async function* decrypted(source) {
    const decrypter = new Decrypter();
    for (const identity of identities) decrypter.addIdentity(identity.trim());
    const plain = await decrypter.decrypt(ReadableStream.from(source) as never);
    yield* plain as unknown as AsyncIterable<Uint8Array>;
  };
}
