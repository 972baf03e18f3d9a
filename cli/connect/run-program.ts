import { spawn } from 'node:child_process';
import { accessSync, constants as files } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { EXIT } from '../../contract/exit-codes';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';

/** A shell's exit code for a program that a signal has ended. */
const SIGNAL_BASE = 128;

/**
 * Runs a program in the foreground, on this terminal. Ctrl-C is its own meanwhile: psql cancels a query with it.
 *
 * @returns its exit code
 * @throws Problem when there is no such program
 */
export function runProgram(
  context: Context,
  [program = '', ...words]: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<number> {
  return context.inForeground(
    () =>
      new Promise((resolve, reject) => {
        const child = spawn(program, words, {
          stdio: 'inherit',
          env: { ...context.environment, ...variables },
        });
        // Somebody else's signal ends the program too.
        const end = (): void => {
          child.kill('SIGTERM');
        };
        context.interrupted.addEventListener('abort', end, { once: true });
        child.once('error', (error: NodeJS.ErrnoException) => {
          context.interrupted.removeEventListener('abort', end);
          reject(
            new Problem(
              error.code === 'ENOENT' ? EXIT.wrongTools : EXIT.failed,
              error.code === 'ENOENT'
                ? `There is no program ${program} on this machine.`
                : `${program} cannot be started: ${error.message}.`,
              'Install it, or connect without it and use the connection string.',
            ),
          );
        });
        child.once('close', (code, signal) => {
          context.interrupted.removeEventListener('abort', end);
          resolve(code ?? SIGNAL_BASE + (signal === null ? 0 : constants.signals[signal]));
        });
      }),
  );
}

/**
 * The first of several programs that is on the PATH.
 *
 * @throws Problem when none is
 */
export function findProgram(names: readonly string[], environment: Context['environment']): string {
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  const isThere = (path: string): boolean => {
    try {
      accessSync(path, files.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  const found = names.find((name) =>
    folders.some((folder) => endings.some((ending) => isThere(join(folder, `${name}${ending}`)))),
  );
  if (found !== undefined) return found;
  throw new Problem(
    EXIT.wrongTools,
    `There is no ${names.join(' and no ')} on this machine.`,
    'Install it, or connect without --client and use the connection string.',
  );
}
