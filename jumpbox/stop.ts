import type { EXIT } from '../contract/exit-codes';

/** A code that a program on a box may exit with. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * Ends the program with a sentence for the operator and a documented exit code. Whatever was begun is undone on the way
 * out; nothing is committed.
 */
export class Stop extends Error {
  override readonly name = 'Stop';

  /** @param exit - see {@link EXIT} */
  constructor(
    readonly exit: ExitCode,
    message: string,
  ) {
    super(message);
  }
}

/** The words of anything that was thrown, on one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(reasonOf).join('; ');
  }
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s*\n\s*/g, ' ').trim();
}

/** What was thrown, as an error. */
export const errorOf = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));

/** The `code` of a Node, TLS or PostgreSQL error; undefined when it has none. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
