import { spawn } from 'node:child_process';
import picomatch from 'picomatch';
import { Parser, type ReadEntry } from 'tar';
import { escapePath } from '../../contract/intake-path';
import type { Outgoing, Unread } from './outgoing';

/** Another machine of the network, reached by plain OpenSSH as its own configuration says. */
export interface Neighbour {
  /** As for `ssh`: `user@host` or a name of ssh_config. */
  readonly host: string;
  /** Absolute, on that machine. */
  readonly path: string;
  readonly as: string;
  readonly exclude: readonly string[];
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
const REGULAR = ['File', 'OldFile', 'ContiguousFile'];
const LAST_WORDS = 500;
/** A machine that does not answer, or falls silent for a minute, is given up. */
const OPTIONS = ['BatchMode=yes', 'ConnectTimeout=20', 'ServerAliveInterval=15', 'ServerAliveCountMax=4'];

function outgoing(entry: ReadEntry, path: string): Outgoing {
  return {
    path,
    bytes: entry.size,
    modified: entry.mtime === undefined ? undefined : Math.floor(entry.mtime.getTime() / 1000),
    mode: entry.mode === undefined ? undefined : entry.mode & 0o7777,
    content: () => entry as AsyncIterable<Buffer>,
    // The next one comes when this one is at its end.
    close: () => {
      entry.resume();
      return Promise.resolve();
    },
  };
}

/** A queue of one: the parser waits until the entry before has been consumed, and so does the other machine. */
class Entries {
  private waiting: ((entry: ReadEntry | undefined) => void) | undefined;
  private readonly held: (ReadEntry | undefined)[] = [];

  push(entry: ReadEntry | undefined): void {
    if (this.waiting === undefined) this.held.push(entry);
    else this.waiting(entry);
    this.waiting = undefined;
  }

  next(): Promise<ReadEntry | undefined> {
    if (this.held.length > 0) return Promise.resolve(this.held.shift());
    return new Promise((resolve) => (this.waiting = resolve));
  }
}

/**
 * Reads a file or folder of another machine by `tar` over SSH; nothing is kept on this one. A machine that cannot be
 * reached, or breaks off, is told to `unread`, and the push goes on with the others.
 */
export async function* neighbourFiles(
  { host, path, as, exclude }: Neighbour,
  unread: (what: Unread) => void,
  environment: NodeJS.ProcessEnv = process.env,
): AsyncGenerator<Outgoing> {
  const isExcluded = picomatch([...exclude], { dot: true });
  const command = `tar -C / -cf - -- ${quote(path.replace(/^\/+/, '') || '.')}`;
  const ssh = spawn('ssh', [...OPTIONS.flatMap((one) => ['-o', one]), '-T', '--', host, command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
  });
  let words = '';
  ssh.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-LAST_WORDS)));
  const ended = new Promise<number | null>((resolve) => ssh.once('close', resolve));
  const entries = new Entries();
  const seen: { end: boolean; failure: string | undefined } = { end: false, failure: undefined };
  const parser = new Parser({
    maxMetaEntrySize: 64 * 1024,
    onReadEntry: (entry) => {
      entries.push(entry);
    },
  });
  parser.on('eof', () => (seen.end = true));
  parser.on('end', () => {
    entries.push(undefined);
  });
  // What is no tar stream, or no ssh, ends this machine's files, and nobody else's.
  const fail = (error: Error): void => {
    seen.failure ??= error.message;
    entries.push(undefined);
    ssh.kill();
  };
  parser.on('error', fail);
  ssh.once('error', fail);
  ssh.stdout.on('data', (piece: Buffer) => {
    if (parser.write(piece)) return;
    ssh.stdout.pause();
    parser.once('drain', () => ssh.stdout.resume());
  });
  ssh.stdout.once('end', () => {
    parser.end();
  });
  try {
    for (let entry = await entries.next(); entry !== undefined; entry = await entries.next()) {
      const name = escapePath(Buffer.from(entry.path.replace(/^(?:\.?\/+)+/, '')));
      const whole = as === '' ? name : `${as}/${name}`;
      if (REGULAR.includes(entry.type) && !isExcluded(whole)) yield outgoing(entry, whole);
      else entry.resume();
    }
  } finally {
    ssh.stdout.destroy();
    ssh.kill();
  }
  const code = await ended;
  if (seen.end && code === 0 && seen.failure === undefined) return;
  const last = words.trim().split('\n').at(-1) ?? '';
  const reason = seen.failure ?? (last === '' ? `ssh ended with ${String(code)}` : last);
  unread({ path: `${host}:${path}`, reason: escapePath(Buffer.from(reason)) });
}
