/** An error of a state machine: a name that Catch and Retry know, and a cause. */
export class StateError extends Error {
  override readonly name = 'StateError';

  constructor(
    readonly error: string,
    readonly why: string,
  ) {
    super(`${error}: ${why}`);
  }
}

/** Ends an execution from outside: nothing of its definition runs any more. */
export class Stopped extends Error {
  override readonly name = 'Stopped';

  constructor(
    readonly status: 'ABORTED' | 'TIMED_OUT',
    readonly error: string | undefined,
    readonly why: string | undefined,
  ) {
    super(why ?? status);
  }
}

/** Errors that no Catch sees. https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html */
const FINAL = ['States.Runtime', 'States.DataLimitExceeded', 'States.HistoryLimitExceeded'];

/** Whether `ErrorEquals` means this error. */
export function isMeant(errors: readonly string[], error: string): boolean {
  if (FINAL.includes(error)) return errors.includes(error) && error === 'States.DataLimitExceeded';
  return (
    errors.includes(error) ||
    errors.includes('States.ALL') ||
    (errors.includes('States.TaskFailed') && error !== 'States.Timeout')
  );
}
