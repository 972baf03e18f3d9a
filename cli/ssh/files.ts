import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeKey } from './instance-connect';

/** Files of one stack below `~/.ssh/drawbridge/`. */
export class SshFiles {
  readonly directory: string;

  constructor(stack: string, home: string = homedir()) {
    this.directory = join(home, '.ssh', 'drawbridge', stack);
  }

  /** Private half of a key that opens nothing by itself: its public half is accepted for a minute at a time. */
  get key(): string {
    return join(this.directory, 'key');
  }

  /** The include file for `~/.ssh/config`. */
  get config(): string {
    return join(this.directory, 'config');
  }

  /** Host keys of one name; `%n` stands for the name in the configuration. */
  knownHosts(name: string): string {
    return join(this.directory, `known_hosts.${name}`);
  }

  /**
   * Makes the key when there is none.
   *
   * @returns its public half
   * @throws Problem when OpenSSH is not installed
   */
  publicKey(): string {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    if (!existsSync(this.key)) {
      try {
        makeKey(this.key, 'drawbridge');
      } catch (error) {
        // Two at the same moment: one of them has made it.
        if (!existsSync(this.key)) throw error;
      }
    }
    return readFileSync(`${this.key}.pub`, 'utf8').trim();
  }

  /** Writes a file, whole or not at all. */
  write(path: string, text: string): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, path);
  }
}
