import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Gives the whole run a directory of its own for temporary files: whatever a library leaves there goes with it. In it, one
 * for the templates that suites share.
 */
export default function ownTemporaryDirectory(): void {
  // Short: names of Unix sockets below it may have about a hundred characters.
  const directory = mkdtempSync(join(tmpdir(), 'db-'));
  // Servers that refuse to run as root must get through.
  chmodSync(directory, 0o711);
  process.env.TMPDIR = directory;
  process.env.TEMPLATES_OF_THE_RUN = join(directory, 'templates');
  mkdirSync(process.env.TEMPLATES_OF_THE_RUN);
  process.once('exit', () => {
    rmSync(directory, { recursive: true, force: true });
  });
}
