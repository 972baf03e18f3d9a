import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { EXIT } from '../../contract/exit-codes';
import { codeOf, Stop } from '../stop';
import { readLines } from './lines';

/** How much of a program's last words is kept, unless somebody wants more. */
const KEPT_CHARACTERS = 64 * 1024;

/** How long a program may take to end when asked, before it is killed. */
const GRACE_MS = 3_000;

/** How to start a program. */
export interface ProgramOptions {
  /** The whole environment: nothing is inherited unless it is named here. */
  readonly environment: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  /** How much of what it writes to standard error is kept; the end is kept when there is more. */
  readonly keptCharacters?: number;
  /** Is told every line of standard error; what it answers `true` to is no part of the program's last words. */
  readonly heed?: (line: string) => boolean;
}

/** A program that failed: what it was, how it ended and its last words. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';

  constructor(
    readonly program: string,
    readonly ending: string,
    /** What it wrote to standard error, cut at the front when long. */
    readonly words: string,
  ) {
    super(`${program} ${ending}${words === '' ? '' : `: ${words}`}`);
  }
}

/** A program that runs. */
export interface Program {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when it exited with 0, rejects with {@link ProgramFailed} on anything else. */
  readonly done: Promise<void>;
  /** What it has written to standard error so far. */
  words(): string;
  /** Asks it to end (by SIGTERM, unless told otherwise), then makes it; resolves when it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

const notThere = (program: string, error: unknown): Error =>
  codeOf(error) === 'ENOENT'
    ? new Stop(EXIT.wrongTools, `The program ${program} is not installed on this box (it is not in PATH).`)
    : new ProgramFailed(program, `could not be started (${codeOf(error) ?? 'no code'})`, '');

function outcome(program: string, child: ChildProcess, words: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(notThere(program, error));
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else {
        const ending = signal === null ? `ended with exit code ${String(code)}` : `was killed by ${signal}`;
        reject(new ProgramFailed(program, ending, words().trim()));
      }
    });
  });
}

/** What programs need besides what they are told: where to find others, and messages in English. */
export const plainEnvironment = (): Record<string, string> => ({
  PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
  LC_ALL: 'C',
});

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

/** Starts a program with pipes on all three streams. */
export function start(program: string, args: readonly string[], options: ProgramOptions): Program {
  const { environment, keptCharacters = KEPT_CHARACTERS, heed, ...ids } = options;
  // A process group of its own: what the program itself started ends with it.
  const child = spawn(program, [...args], {
    ...ids,
    env: environment,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  const keep = (text: string): void => {
    said = (said + text).slice(-keptCharacters);
  };
  child.stderr.setEncoding('utf8');
  if (heed === undefined) child.stderr.on('data', keep);
  else
    readLines(child.stderr, (line) => {
      if (!heed(line.replace(/\n$/, ''))) keep(line);
    });
  const words = (): string => said;
  const done = outcome(program, child, words);
  // Whoever waits for it hears of a failure; until then it must not count as unhandled.
  done.catch(() => undefined);
  let closed = false;
  child.once('close', () => {
    closed = true;
  });
  const end: Program['end'] = async (signal = 'SIGTERM') => {
    if (closed || child.pid === undefined) return;
    const group = child.pid;
    signalGroup(group, signal);
    const timer = setTimeout(() => {
      signalGroup(group, 'SIGKILL');
    }, GRACE_MS);
    child.stdout.destroy();
    await done.catch(() => undefined);
    clearTimeout(timer);
  };
  return { stdin: child.stdin, stdout: child.stdout, done, words, end };
}

/**
 * Runs a program to its end and returns what it wrote. For short answers only.
 *
 * @param input - what it reads from standard input
 */
export async function ask(
  program: string,
  args: readonly string[],
  options: ProgramOptions,
  input = '',
): Promise<string> {
  const running = start(program, args, options);
  running.stdin.on('error', () => undefined).end(input);
  let text = '';
  running.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await running.done;
  return text;
}
