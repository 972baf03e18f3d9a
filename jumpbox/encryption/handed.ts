import { Decrypter } from 'age-encryption';
import { EXIT } from '../../contract/exit-codes';
import { handedKeys } from '../../contract/handed-keys';
import { reasonOf, Stop } from '../stop';
import type { FileKeyOf } from './age';
import { forgetRunKey, makeRunKey, readRunKey } from './run-key';

/** Beside the key of the run that made the backup, where this is the same box. */
const nameOf = (prefix: string): string => `handed over for ${prefix}`;

/**
 * Makes a key to which the owner of an encrypted backup encrypts the backup's keys for this box. One that was made before counts no
 * more.
 *
 * @returns its public half
 */
export async function makeOneTimeKey(directory: string, prefix: string): Promise<string> {
  await forgetRunKey(directory, nameOf(prefix));
  return (await makeRunKey(directory, nameOf(prefix))).recipient;
}

/**
 * Opens what an owner handed over, once: the one-time key is gone afterwards.
 *
 * @param sealed - {@link handedKeys} as JSON, encrypted by age to the one-time key, as base64
 * @throws Stop for what was not encrypted to it
 */
export async function openHanded(directory: string, prefix: string, sealed: string): Promise<FileKeyOf> {
  const refuse = (why: string): Stop =>
    new Stop(
      EXIT.usage,
      `The keys of ${prefix} that were handed over cannot be used: ${why}. Nothing was begun: call again.`,
    );
  const identity = await readRunKey(directory, nameOf(prefix)).catch(() => {
    throw refuse('this box made no one-time key for them, or it was used');
  });
  await forgetRunKey(directory, nameOf(prefix));
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    const text = await decrypter.decrypt(Buffer.from(sealed, 'base64'), 'text');
    const keys = new Map(Object.entries(handedKeys.parse(JSON.parse(text))));
    return (object) => {
      const key = keys.get(object);
      return key === undefined
        ? Promise.reject(new Error('its key was not handed over'))
        : Promise.resolve(Buffer.from(key, 'base64'));
    };
  } catch (error) {
    throw refuse(reasonOf(error));
  }
}
