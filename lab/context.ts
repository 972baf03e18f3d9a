import type { ChildProcess, SpawnOptions } from 'node:child_process';

/** Starts processes of the lab: each carries `DRAWBRIDGE_LAB=<id>` and ends with the lab. */
export interface Processes {
  spawn(command: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Ends every process that still runs, children first; resolves when they are gone. */
  stop(): Promise<void>;
}

/** What every part of the lab may use. */
export interface LabContext {
  /** Value of `DRAWBRIDGE_LAB` in the environment of each of the lab's processes. */
  readonly id: string;
  /** Directory below which the lab writes everything; removed when it stops. */
  readonly directory: string;
  /** The one endpoint, with the extensions in front of the emulator: `http://127.0.0.1:<port>`. */
  readonly endpoint: string;
  /** The emulator itself, without extensions. */
  readonly emulator: string;
  readonly account: string;
  readonly processes: Processes;
  /** Writes one line to the lab's log. */
  log(line: string): void;
}
