/** Something a person can act upon: what is wrong, in a sentence, what to do next, and the exit code. */
export class Problem extends Error {
  override readonly name = 'Problem';

  /**
   * @param exitCode - one of contract/exit-codes.ts
   * @param message - what is wrong and why: one sentence or a few
   * @param next - what to do about it; left out only where the message says it
   */
  constructor(
    readonly exitCode: number,
    message: string,
    readonly next?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
