import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../aws/stack';
import { extendBox } from '../boxes/create';
import { listBoxes } from '../boxes/list';
import type { Context } from '../framework/command';
import { explain } from '../framework/explain';
import { span, until } from '../framework/time';

/** How long before the end to say so: milliseconds. */
const WARN_MS = [10 * 60_000, 5 * 60_000, 60_000];
/** By how much a box is extended, in minutes. */
const EXTEND_MINUTES = 60;
/** The longest that a timer sleeps: a laptop's lid may be closed meanwhile. */
const LONGEST_SLEEP_MS = 60_000;

/** Watches a box's expiry: says when it is about to end, and extends it by itself or on a key. */
export class Expiry {
  private readonly stop = new AbortController();
  private said = Infinity;

  constructor(
    private readonly context: Context,
    private readonly stack: Stack,
    private readonly instanceId: string,
    private expiresAt: string,
    private readonly keepAlive: boolean,
  ) {}

  /** Watches until {@link end}. */
  async watch(): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      const left = new Date(this.expiresAt).getTime() - Date.now();
      const due = WARN_MS.filter((ms) => ms < this.said && left <= ms).at(-1);
      if (due !== undefined) await this.announce(due);
      await sleep(Math.min(LONGEST_SLEEP_MS, Math.max(1_000, left - (WARN_MS[0] ?? 0))), undefined, {
        signal,
        ref: false,
      }).catch(() => undefined);
    }
  }

  end(): void {
    this.stop.abort();
  }

  /** Moves the expiry to an hour from now; where that is refused, says why. */
  async extend(): Promise<void> {
    try {
      const { expiresAt } = await extendBox(this.context, this.stack, this.instanceId, EXTEND_MINUTES);
      this.expiresAt = expiresAt;
      this.said = Infinity;
      this.context.ui.warn(`${this.instanceId} now ends in ${until(expiresAt)}.`);
    } catch (error) {
      this.context.ui.warn(explain(error, this.context).message);
    }
  }

  private async announce(due: number): Promise<void> {
    this.said = due;
    if (await this.movedBySomebody()) return;
    if (this.keepAlive) {
      await this.extend();
      return;
    }
    const left = new Date(this.expiresAt).getTime() - Date.now();
    this.context.ui.warn(
      `${this.instanceId} ends in ${span(left)}. ` +
        `\`drawbridge extend ${this.instanceId}\` keeps it${this.context.ui.isInteractive ? '; so does the key e, here' : ''}.`,
    );
  }

  private async movedBySomebody(): Promise<boolean> {
    try {
      const box = (await listBoxes(this.context, this.stack)).find(
        ({ instanceId }) => instanceId === this.instanceId,
      );
      if (box?.expiresAt == null || box.expiresAt === this.expiresAt) return false;
      this.expiresAt = box.expiresAt;
      this.said = Infinity;
      return true;
    } catch (error) {
      this.context.ui.warn(
        `The expiry of ${this.instanceId} cannot be read: ${explain(error, this.context).message}`,
      );
      return false;
    }
  }
}
