import type { Command as Parser } from 'commander';
import type { Ui } from './ui';

/** What every command works with. */
export interface Context {
  readonly ui: Ui;
  /** Name of the CloudFormation stack. */
  readonly stack: string;
  /** Only what was said on the command line or in variables; the SDK finds the rest where the AWS CLI does. */
  readonly region: string | undefined;
  readonly profile: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by Ctrl-C and SIGTERM: end, and leave nothing behind. */
  readonly interrupted: AbortSignal;
  /** Runs work that has the terminal, and with it Ctrl-C, to itself. */
  readonly inForeground: <T>(work: () => Promise<T>) => Promise<T>;
  /** File of the program for machines that hand files in; `drawbridge vm-config` copies it. */
  readonly vmClient: string;
}

/** One command of the command line: a file of its own in cli/commands/, listed in cli/commands/index.ts. */
export interface Command<Options = never> {
  /** The verb. */
  readonly name: string;
  /** One line: what it does. */
  readonly summary: string;
  /** What to type, and what happens then. At least one. */
  readonly examples: readonly (readonly [typed: string, happens: string])[];
  /** Adds arguments and options. */
  configure?(parser: Parser): void;
  /**
   * Does the work. Imports its heavy parts (SDK clients, zod) only here, by `await import(…)`, so that `--help` is quick.
   *
   * @param options - as `configure` declared them
   * @param words - positional arguments
   * @param behind - what stands behind `--`: a program and its words, left alone
   * @returns the exit code, 0 when left out
   * @throws Problem, or anything that cli/framework/explain.ts knows to explain
   */
  run(
    context: Context,
    options: Options,
    words: readonly string[],
    behind: readonly string[],
  ): Promise<number | undefined>;
}
