import { setTimeout as sleep } from 'node:timers/promises';
import { onePerLab } from './one-per-lab';
import { Work, workOf } from './work';

/** The longest wait of a Node.js timer. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * How fast time passes for what only waits: `Wait` states, retries and time limits of state machines. What computes takes its
 * time, on a slow machine more of it; so a wait that was made shorter lasts until the work that went on when it began has ended,
 * or as long as it would have lasted anyway. How many looks a boot takes then does not depend on the machine.
 */
export class LabTime {
  private factor = 1;

  constructor(private readonly work = new Work()) {}

  /** @param factor - so many seconds of the lab pass in one of ours; counts for waits that begin from now on */
  pass(factor: number): void {
    this.factor = factor;
  }

  /** Waits; rejects with the signal's reason when it is aborted. */
  async wait(seconds: number, signal: AbortSignal): Promise<void> {
    const whole = Math.min(seconds * 1000, LONGEST_MS);
    const short = whole / this.factor;
    const worked = this.work.isIdle ? undefined : this.work.ended();
    try {
      await sleep(short, undefined, { signal });
      if (worked !== undefined) await this.until(worked, whole - short, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }

  private async until(worked: Promise<void>, atMostMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    try {
      await Promise.race([worked, sleep(atMostMs, undefined, { signal: either })]);
    } finally {
      over.abort();
    }
  }
}

/** The time of a lab. */
export const timeOf = onePerLab((context) => new LabTime(workOf(context)));
