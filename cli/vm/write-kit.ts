import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../contract/exit-codes';
import { Problem } from '../framework/problem';
import type { KitFile } from './kit';

/** Name of the one-file program. */
export const CLIENT_NAME = 'drawbridge';

/**
 * Writes the kit and the program into a directory, which is made.
 *
 * @returns the names of the files
 * @throws Problem when one of them is there already; then none is written
 */
export function writeKit(directory: string, files: readonly KitFile[], client: string): string[] {
  const names = [...files.map(({ name }) => name), CLIENT_NAME];
  const there = names.filter((name) => existsSync(join(directory, name)));
  if (there.length > 0)
    throw new Problem(
      EXIT.usage,
      `${directory} holds ${there.join(', ')} already; nothing was written.`,
      'Name an empty directory, or a new one, with --out.',
    );
  mkdirSync(directory, { recursive: true });
  for (const { name, text, mode } of files) writeFileSync(join(directory, name), text, { mode, flag: 'wx' });
  copyFileSync(client, join(directory, CLIENT_NAME));
  chmodSync(join(directory, CLIENT_NAME), 0o755);
  return names;
}
