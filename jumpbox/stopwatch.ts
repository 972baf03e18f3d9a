/** Takes the time of a piece of work, whatever becomes of the machine's clock meanwhile: one that is set back or forward. */
export class Stopwatch {
  /** What the clock said at the beginning. */
  readonly startedAt = new Date();
  private readonly since = performance.now();

  /** Seconds since the beginning. */
  get seconds(): number {
    return (performance.now() - this.since) / 1000;
  }

  /** Now, as the clock of the beginning would have it: never before {@link startedAt}. */
  get now(): Date {
    return new Date(this.startedAt.getTime() + this.seconds * 1000);
  }
}
