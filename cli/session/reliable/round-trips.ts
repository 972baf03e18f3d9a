/** Milliseconds. Source: aws/session-manager-plugin, src/config/config.go. */
const INITIAL = { timeout: 200, roundTrip: 100, variation: 0 };
const CLOCK_GRANULARITY = 10;
const MAX_TIMEOUT = 1_000;
/** The official client looks for what to resend every 100 ms (ResendSleepInterval), so it never resends sooner. */
const MIN_TIMEOUT = 100;

/**
 * How long to wait for an acknowledgement, adapted from measured round trips: smoothed round trip (1/8) plus four times its
 * smoothed variation (1/4). Source: aws/session-manager-plugin, src/datachannel/streaming.go,
 * CalculateRetransmissionTimeout, which follows RFC 6298.
 */
export class RoundTrips {
  private roundTrip = INITIAL.roundTrip;
  private variation = INITIAL.variation;
  private timeout = INITIAL.timeout;

  /** Milliseconds after which an unacknowledged message is sent again. */
  get timeoutMs(): number {
    return this.timeout;
  }

  /** Smoothed round trip in milliseconds. */
  get smoothedMs(): number {
    return this.roundTrip;
  }

  /** Takes in one round trip, in milliseconds, of a message that was sent once (Karn's rule, RFC 6298 section 3). */
  add(milliseconds: number): void {
    this.variation = 0.75 * this.variation + 0.25 * Math.abs(this.roundTrip - milliseconds);
    this.roundTrip = 0.875 * this.roundTrip + 0.125 * milliseconds;
    const wanted = this.roundTrip + Math.max(CLOCK_GRANULARITY, 4 * this.variation);
    this.timeout = Math.min(MAX_TIMEOUT, Math.max(MIN_TIMEOUT, wanted));
  }
}
