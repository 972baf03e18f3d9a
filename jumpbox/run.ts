import { EXIT } from '../contract/exit-codes';
import type { BoxSettings } from './environment';
import type { Progress } from './progress';
import { type ExitCode, reasonOf, Stop } from './stop';

/** What every command is given. */
export interface Context {
  readonly settings: BoxSettings;
  readonly progress: Progress;
  /** Aborted when the box is told to stop; the command then undoes what it began. */
  readonly signal: AbortSignal;
}

/** What a command hands back: JSON for standard output, and how to exit. */
export interface Result {
  readonly output: Readonly<Record<string, unknown>>;
  readonly exit: ExitCode;
}

/**
 * Runs a command and turns its outcome into one message and an exit code. Signals ask the command to stop; the process ends
 * only when it has cleaned up.
 */
export async function runToExit(command: (signal: AbortSignal) => Promise<ExitCode>): Promise<void> {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(name, () => {
      controller.abort(new Stop(EXIT.failed, `Told to stop by ${name}: what was begun has been undone.`));
    });
  }
  try {
    process.exitCode = await command(controller.signal);
  } catch (error) {
    const told: unknown = controller.signal.aborted ? controller.signal.reason : error;
    const stop = told instanceof Stop ? told : new Stop(EXIT.failed, `Failed: ${reasonOf(told)}.`);
    process.stderr.write(`${stop.message}\n`);
    process.exitCode = stop.exit;
  }
}
