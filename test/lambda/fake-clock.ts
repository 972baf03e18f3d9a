import type { Clock } from '../../lambda/clock';

/** A clock that stands still but for its sleepers: sleeping moves it on at once. */
export class FakeClock implements Clock {
  private milliseconds: number;
  readonly slept: number[] = [];
  /** Called after each sleep, for what happens in the meantime. */
  meanwhile: () => void = () => undefined;

  constructor(start = '2026-11-22T03:00:00Z') {
    this.milliseconds = Date.parse(start);
  }

  now(): Date {
    return new Date(this.milliseconds);
  }

  advance(milliseconds: number): void {
    this.milliseconds += milliseconds;
  }

  async sleep(milliseconds: number): Promise<void> {
    await Promise.resolve();
    this.slept.push(milliseconds);
    this.advance(milliseconds);
    this.meanwhile();
  }

  /** The instant so many minutes from now, as the expiry tag holds it. */
  minutesFromNow(minutes: number): string {
    return new Date(this.milliseconds + minutes * 60_000).toISOString().replace('.000Z', 'Z');
  }
}
