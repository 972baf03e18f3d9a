import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory that nobody else may read; it goes when the command ends. */
export class PrivateFiles {
  private readonly directory = mkdtempSync(join(tmpdir(), 'drawbridge-'));

  constructor() {
    chmodSync(this.directory, 0o700);
  }

  /** Writes a file, whole or not at all, so that whoever reads it meanwhile sees the old or the new. */
  write(name: string, text: string): string {
    const path = join(this.directory, name);
    const draft = `${path}.new`;
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, path);
    return path;
  }

  remove(): Promise<void> {
    rmSync(this.directory, { recursive: true, force: true });
    return Promise.resolve();
  }
}
