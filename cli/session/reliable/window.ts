/** In messages of at most 1,024 bytes. */
const MIN_MESSAGES = 32;
const INITIAL_MESSAGES = 64;
/**
 * Less than the 10,000 messages that either end keeps when they arrive ahead of order (aws/session-manager-plugin,
 * src/config/config.go); enough for 50 MB/s over 80 ms.
 */
const MAX_MESSAGES = 4_096;
/** Queueing delay beyond which the line is taken to be full. The value of LEDBAT (RFC 6817, section 3.3). */
const TARGET_DELAY_MS = 100;
/** Messages that the window grows by in a round trip, once it has found its place. */
const GAIN = 16;
/** How long a smallest round trip is believed: paths change. */
const BASE_LIFETIME_MS = 10_000;

/**
 * How many messages may be on their way unacknowledged. Nothing in the protocol says; the official client sleeps a
 * millisecond after each message instead. This one doubles per round trip until the line's queue delays by more than
 * {@link TARGET_DELAY_MS}, then follows that delay (RFC 6817's idea), and halves when something was lost.
 */
export class SendWindow {
  private size = INITIAL_MESSAGES;
  private doubling = true;
  private base = { current: Infinity, previous: Infinity, since: 0 };
  private shrunkAt = -Infinity;

  /** Messages that may be unacknowledged at once. */
  get messages(): number {
    return Math.floor(this.size);
  }

  /** One message was acknowledged after `roundTripMs`; `now` in milliseconds on a monotonic clock. */
  onAcknowledged(roundTripMs: number, now: number): void {
    const delay = roundTripMs - this.smallestRoundTrip(roundTripMs, now);
    if (delay <= TARGET_DELAY_MS) {
      this.size = Math.min(MAX_MESSAGES, this.size + (this.doubling ? 1 : GAIN / this.size));
    } else if (now - this.shrunkAt > roundTripMs) {
      this.shrink(Math.max(0.5, TARGET_DELAY_MS / delay), now);
    }
  }

  /** Something was not acknowledged in time. */
  onLoss(now: number, timeoutMs: number): void {
    if (now - this.shrunkAt > timeoutMs) this.shrink(0.5, now);
  }

  /** The path is a new one: begin anew. */
  reset(): void {
    this.size = INITIAL_MESSAGES;
    this.doubling = true;
    this.base = { current: Infinity, previous: Infinity, since: 0 };
  }

  private shrink(factor: number, now: number): void {
    this.size = Math.max(MIN_MESSAGES, this.size * factor);
    this.doubling = false;
    this.shrunkAt = now;
  }

  private smallestRoundTrip(roundTripMs: number, now: number): number {
    if (now - this.base.since > BASE_LIFETIME_MS)
      this.base = { current: Infinity, previous: this.base.current, since: now };
    this.base.current = Math.min(this.base.current, roundTripMs);
    return Math.min(this.base.current, this.base.previous);
  }
}
