import { setTimeout as sleep } from 'node:timers/promises';
import { onePerLab } from './one-per-lab';

/** The longest wait of a Node.js timer. */
const LONGEST_MS = 2 ** 31 - 1;

/** How fast time passes for what only waits: `Wait` states, retries and time limits of state machines. */
export class LabTime {
  private factor = 1;

  /** @param factor - so many seconds of the lab pass in one of ours; counts for waits that begin from now on */
  pass(factor: number): void {
    this.factor = factor;
  }

  /** Milliseconds of ours that so many seconds of the lab take. */
  toMilliseconds(seconds: number): number {
    return Math.min((seconds * 1000) / this.factor, LONGEST_MS);
  }

  /** Waits; rejects with the signal's reason when it is aborted. */
  async wait(seconds: number, signal: AbortSignal): Promise<void> {
    await sleep(this.toMilliseconds(seconds), undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  }
}

/** The time of a lab. */
export const timeOf = onePerLab(() => new LabTime());
