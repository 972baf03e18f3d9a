import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

/** The command line, as `npx drawbridge` starts it. */
export const PROGRAM = join(__dirname, '..', '..', 'bin', 'drawbridge.mjs');

/** How a run of the command line ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line in a process of its own, as a user starts it. */
export class Child {
  readonly ended: Promise<Outcome>;
  private readonly process: ChildProcess;
  private stdout = '';
  private stderr = '';
  private readonly listeners = new Set<() => void>();

  constructor(words: readonly string[], environment: Readonly<Record<string, string | undefined>> = {}) {
    this.process = spawn(process.execPath, [PROGRAM, ...words], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
      for (const listener of this.listeners) listener();
    });
    this.process.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve, reject) => {
      this.process.once('error', reject);
      this.process.once('close', (code) => {
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
        for (const listener of this.listeners) listener();
      });
    });
  }

  /** The first line of standard output, read as JSON. @throws Error with standard error, when it ends without one */
  async firstLine<T>(): Promise<T> {
    const line = (): string | undefined =>
      this.stdout.includes('\n') ? this.stdout.split('\n')[0] : undefined;
    while (line() === undefined) {
      if (this.process.exitCode !== null) throw new Error(`It ended without a line:\n${this.stderr}`);
      await new Promise<void>((resolve) => {
        const listener = (): void => {
          this.listeners.delete(listener);
          resolve();
        };
        this.listeners.add(listener);
      });
    }
    return JSON.parse(line() ?? '') as T;
  }

  /** Ctrl-C, as a terminal sends it. */
  interrupt(): Promise<Outcome> {
    this.process.kill('SIGINT');
    return this.ended;
  }

  /** The hard way. */
  kill(): void {
    this.process.kill('SIGKILL');
  }

  get errors(): string {
    return this.stderr;
  }
}

/** Runs the command line to its end. */
export const run = (
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<Outcome> => new Child(words, environment).ended;
