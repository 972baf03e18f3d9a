/** How often, from 0 to 1, and how long, in milliseconds. */
export interface ImpairmentRates {
  readonly drop?: number;
  readonly duplicate?: number;
  /** Frames that overtake or are overtaken: held back until `holdFrames` others have passed. */
  readonly reorder?: number;
  readonly holdFrames?: number;
  /** Added to every frame in each direction. */
  readonly delayMs?: number;
  /** The same seed spoils the same frames. */
  readonly seed: number;
}

interface Held {
  readonly frame: Buffer;
  frames: number;
}

/** Spoils frames of a channel in both directions: drops, duplicates, reorders and delays them. */
export class Impairment {
  private state: number;
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(private readonly rates: ImpairmentRates) {
    this.state = rates.seed;
  }

  /** One direction: calls `deliver` with what comes out of it. */
  direction(deliver: (frame: Buffer) => void): (frame: Buffer) => void {
    const held: Held[] = [];
    return (frame) => {
      for (const entry of held) entry.frames -= 1;
      const due = held.filter((entry) => entry.frames <= 0);
      held.splice(0, held.length, ...held.filter((entry) => entry.frames > 0));
      if (this.happens(this.rates.drop)) this.later([], deliver);
      else if (this.happens(this.rates.reorder)) held.push({ frame, frames: this.rates.holdFrames ?? 3 });
      else this.later(this.happens(this.rates.duplicate) ? [frame, frame] : [frame], deliver);
      this.later(
        due.map((entry) => entry.frame),
        deliver,
      );
    };
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private later(frames: readonly Buffer[], deliver: (frame: Buffer) => void): void {
    const { delayMs = 0 } = this.rates;
    if (delayMs === 0) {
      for (const frame of frames) deliver(frame);
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      for (const frame of frames) deliver(frame);
    }, delayMs);
    this.timers.add(timer);
  }

  private happens(rate = 0): boolean {
    return rate > 0 && this.random() < rate;
  }

  /** mulberry32: small, and the same everywhere. */
  private random(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 0x1_0000_0000;
  }
}
