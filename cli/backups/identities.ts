import { readFile } from 'node:fs/promises';
import { Decrypter } from 'age-encryption';
import { EXIT } from '../../contract/exit-codes';
import { Problem } from '../framework/problem';

/**
 * Reads secret keys of age, one a line, as `age-keygen` writes them.
 *
 * @returns what opens files that are encrypted to any of them, a new one for each
 * @throws Problem when there is none in the file
 */
export async function readIdentities(file: string): Promise<() => Decrypter> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Problem(
      EXIT.usage,
      `The key file cannot be read: ${String(error)}.`,
      'Name the one that age-keygen made.',
    );
  });
  const identities = text.split('\n').filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (identities.length === 0)
    throw new Problem(EXIT.usage, `${file} holds no secret key of age.`, 'It has a line AGE-SECRET-KEY-….');
  return () => {
    const decrypter = new Decrypter();
    for (const identity of identities) decrypter.addIdentity(identity.trim());
    return decrypter;
  };
}
