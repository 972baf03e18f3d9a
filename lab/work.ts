import { onePerLab } from './one-per-lab';

/**
 * What computes in a lab: boots of boxes, their commands, functions that somebody waits for. A function that an event has started
 * may wait itself, for a minute and more, and would make every wait beside it as long.
 */
export class Work {
  private readonly pieces = new Set<Promise<unknown>>();

  /** Counts a piece of work until it has ended. */
  during<T>(piece: Promise<T>): Promise<T> {
    const ended: Promise<boolean> = piece.then(
      () => this.pieces.delete(ended),
      () => this.pieces.delete(ended),
    );
    this.pieces.add(ended);
    return piece;
  }

  get isIdle(): boolean {
    return this.pieces.size === 0;
  }

  /** Resolves when everything that goes on now has ended, well or not. */
  async ended(): Promise<void> {
    await Promise.all(this.pieces);
  }
}

/** The work of a lab. */
export const workOf = onePerLab(() => new Work());
