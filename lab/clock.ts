import { onePerLab } from './one-per-lab';

/** The lab's own clock: it shows the machine's time until somebody puts it forward. It never goes back. */
export class LabClock {
  private aheadMs = 0;

  now(): Date {
    return new Date(Date.now() + this.aheadMs);
  }

  /** Puts the clock forward to an instant; one that has passed already changes nothing. */
  reach(instantMs: number): void {
    this.aheadMs = Math.max(this.aheadMs, instantMs - Date.now());
  }
}

/** The clock of a lab: schedules, keys of EC2 Instance Connect and CloudTrail go by it. Boxes and functions have the machine's. */
export const clockOf = onePerLab(() => new LabClock());
