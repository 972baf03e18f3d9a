import { setTimeout as sleep } from 'node:timers/promises';

/** Holds everything that is sent, on all channels together, to so many bytes per second. */
export class Pace {
  private paidUntil = performance.now();

  /** @param bytesPerSecond - undefined for no limit */
  constructor(private readonly bytesPerSecond: number | undefined) {}

  /** Resolves when so many bytes may be sent. */
  async pay(bytes: number): Promise<void> {
    if (this.bytesPerSecond === undefined) return;
    const now = performance.now();
    this.paidUntil = Math.max(this.paidUntil, now) + (bytes / this.bytesPerSecond) * 1000;
    if (this.paidUntil > now) await sleep(this.paidUntil - now);
  }
}
