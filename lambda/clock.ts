import { setTimeout as sleep } from 'node:timers/promises';

/** Time as the functions see it, so that tests need not wait. */
export interface Clock {
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (milliseconds) => sleep(milliseconds),
};

/**
 * Instant by which work must be done so that `reserveMs` are left of the invocation.
 *
 * @param remainingMs - what `context.getRemainingTimeInMillis()` says now
 */
export function deadline(clock: Clock, remainingMs: number, reserveMs: number): Date {
  return new Date(clock.now().getTime() + remainingMs - reserveMs);
}
