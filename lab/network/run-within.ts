import { spawn } from 'node:child_process';
import type { Namespace } from './namespace';

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how a program runs. */
export interface Within {
  /** Without it, in this machine's own network. */
  readonly space: Namespace | undefined;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs a program to its end, in a network of its own. */
export function runWithin(words: readonly string[], where: Within): Promise<Ended> {
  const [program = '', ...rest] = [...(where.space?.within ?? []), ...words];
  const child = spawn(program, rest, {
    cwd: where.directory,
    env: where.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A program may end before it has read its input.
  child.stdin.on('error', () => undefined).end(where.input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}
