import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives the whole run a directory of its own for temporary files: whatever a library leaves there goes with it. */
export default function ownTemporaryDirectory(): void {
  // Short: names of Unix sockets below it may have about a hundred characters.
  const directory = mkdtempSync(join(tmpdir(), 'db-'));
  // Servers that refuse to run as root must get through.
  chmodSync(directory, 0o711);
  process.env.TMPDIR = directory;
  process.once('exit', () => {
    rmSync(directory, { recursive: true, force: true });
  });
}
