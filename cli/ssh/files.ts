import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../contract/exit-codes';
import { Problem } from '../framework/problem';

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
        execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'drawbridge', '-f', this.key], {
          stdio: ['ignore', 'ignore', 'pipe'],
        });
      } catch (error) {
        // Two at the same moment: one of them has made it.
        if (!existsSync(this.key))
          throw new Problem(
            EXIT.wrongTools,
            `ssh-keygen cannot make a key: ${error instanceof Error ? error.message : String(error)}`,
            'Install the OpenSSH client.',
          );
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
