/** Writes one JSON line to the function's log. Never give it a URL that carries a signature, or a secret. */
export function log(what: string, fields: Readonly<Record<string, unknown>> = {}): void {
  console.log(JSON.stringify({ what, ...fields }));
}

/** What went wrong in one line: an SDK error's code, which is its name, and its message. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** True for an error of AWS with one of these codes. */
export function isAwsError(error: unknown, ...codes: readonly string[]): error is Error {
  return error instanceof Error && codes.includes(error.name);
}
