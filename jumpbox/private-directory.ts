import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Begins the directory's name; six letters and digits follow. */
export const PRIVATE_PREFIX = 'drawbridge-';

/**
 * Gives a directory that only this user can open, and removes it with everything in it, whatever happens.
 *
 * @param parent - where it is made
 */
export async function withPrivateDirectory<T>(
  use: (directory: string) => Promise<T>,
  parent: string = tmpdir(),
): Promise<T> {
  const directory = await mkdtemp(join(parent, PRIVATE_PREFIX));
  try {
    await chmod(directory, 0o700);
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Writes certificates (no secret) where libpq can read them. Returns the file. */
export async function writeAuthorities(directory: string, authorities: readonly string[]): Promise<string> {
  const file = join(directory, 'authorities.pem');
  await writeFile(file, `${authorities.join('\n')}\n`, { mode: 0o600 });
  return file;
}
