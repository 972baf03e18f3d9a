import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT } from '../../contract/exit-codes';
import { codeOf, Stop } from '../stop';
import { type KeyPair, makeKeyPair } from './age';

const fileOf = (directory: string, prefix: string): string =>
  join(directory, createHash('sha256').update(prefix).digest('hex'));

/**
 * Makes the key of one run, by which the proof of its backup reads it, and keeps it in a directory that is memory: no disk
 * ever holds it, and it ends with its proof or with the box. See docs/decisions.
 *
 * @param prefix - of the backup
 */
export async function makeRunKey(directory: string, prefix: string): Promise<KeyPair> {
  const pair = await makeKeyPair();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(fileOf(directory, prefix), pair.identity, { mode: 0o600, flag: 'wx' });
  return pair;
}

/**
 * The identity of the run that made a backup.
 *
 * @throws Stop with `EXIT.cannotProve` when it is not on this box (any more)
 */
export async function readRunKey(directory: string, prefix: string): Promise<string> {
  try {
    return await readFile(fileOf(directory, prefix), 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new Stop(
      EXIT.cannotProve,
      `${prefix} is encrypted, and the key of its run is not on this box: it can be proven only on the box that made it, ` +
        'right after it was made, and once. Whoever holds the secret key of one of its recipients says ' +
        '`drawbridge prove` with --identity.',
    );
  }
}

/** Forgets the key of a run: from now on nobody on the box can read the backup. */
export const forgetRunKey = (directory: string, prefix: string): Promise<void> =>
  rm(fileOf(directory, prefix), { force: true });
