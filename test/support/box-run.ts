import { type ChildProcess, spawn } from 'node:child_process';

/** How a program of the box ended. */
export interface BoxEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of standard output, as JSON; empty when there is none. */
  readonly result: Readonly<Record<string, unknown>>;
}

/** A program of the box that runs. */
export interface BoxRun {
  readonly child: ChildProcess;
  readonly end: Promise<BoxEnd>;
}

/** Starts the bundled program as a box does, with nothing in its environment but what is given. */
export function runBox(program: string, words: readonly string[], environment: NodeJS.ProcessEnv): BoxRun {
  const child = spawn(process.execPath, [program, ...words], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const end = new Promise<BoxEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const last = stdout.trim().split('\n').pop() ?? '';
      const result = last === '' ? {} : (JSON.parse(last) as Record<string, unknown>);
      resolve({ code, signal, stdout, stderr, result });
    });
  });
  return { child, end };
}
