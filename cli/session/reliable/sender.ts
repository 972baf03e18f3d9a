import { MESSAGE_TYPE, SYN, encodeMessage, newMessageId } from '../wire/message';
import { Outbox } from './outbox';
import { RoundTrips } from './round-trips';
import { SendWindow } from './window';

/**
 * Bytes of one stream message. The official client and agent never send more (StreamDataPayloadSize), and no source says
 * that the service would take more.
 */
export const PAYLOAD_BYTES = 1_024;
/** Where a producer is asked to wait, and where it may go on. */
const HIGH_WATER_BYTES = 512 * 1_024;
const LOW_WATER_BYTES = 128 * 1_024;

/** What a {@link Sender} needs from its surroundings. */
export interface SenderHooks {
  /** Message type of what is sent. */
  readonly messageType: string;
  /** Whether a frame can be handed over now. */
  ready(): boolean;
  transmit(frame: Buffer): void;
  /** The producer may go on. */
  drained(): void;
  /** A message was not acknowledged for `giveUpMs`: nothing more can be expected. */
  gaveUp(): void;
  /** Milliseconds; a monotonic clock. */
  now(): number;
  /** Changes a payload just before it is sent; encryption. */
  seal?(payloadType: number, payload: Buffer): Buffer;
  readonly giveUpMs: number;
  /** The other end's connection may be inactive for so long. */
  readonly pausedMs: number;
}

/**
 * After so many vain attempts a message no longer takes up room in the window. The official client never acknowledges a
 * message that it gets twice (src/datachannel/streaming.go, HandleOutputMessage), so that one lost acknowledgement would
 * narrow the window for ever; the agent, which has no window, just goes on.
 */
const MAX_ATTEMPTS = 6;

interface Unacknowledged {
  readonly frame: Buffer;
  readonly firstSentAt: number;
  sentAt: number;
  attempts: number;
  /** On its way as far as we know, to be sent again, or sent in vain so often that it is tried only now and then. */
  state: 'sent' | 'lost' | 'vain';
}

/**
 * The sending half of the stream: numbers messages from 0, keeps each until it is acknowledged, sends it again when that
 * takes too long, and never has more on its way than the window allows. Nothing is ever thrown away.
 */
export class Sender {
  private readonly outbox = new Outbox(PAYLOAD_BYTES);
  private readonly unacknowledged = new Map<number, Unacknowledged>();
  private readonly roundTrips = new RoundTrips();
  private readonly window = new SendWindow();
  private next = 0;
  private inFlight = 0;
  private toResend = 0;
  private wantsDrain = false;
  private heldSince: number | undefined;
  private closed = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly hooks: SenderHooks) {}

  /** Nothing waits and everything was acknowledged. */
  get isIdle(): boolean {
    return this.outbox.isEmpty && this.unacknowledged.size === 0;
  }

  /** Everything was sent at least once. */
  get isSent(): boolean {
    return this.outbox.isEmpty;
  }

  /** How long we have been waiting for the other end, in milliseconds: for an acknowledgement, or to be let go on. */
  get waitingMs(): number {
    const [oldest] = this.unacknowledged.values();
    const since = oldest?.firstSentAt ?? this.heldSince;
    return since === undefined ? 0 : this.hooks.now() - since;
  }

  /** Queues a payload. @returns false when the producer should wait for `drained` */
  push(payloadType: number, bytes: Buffer): boolean {
    this.outbox.push({ payloadType, bytes });
    this.pump();
    if (this.outbox.waitingBytes > HIGH_WATER_BYTES) this.wantsDrain = true;
    return !this.wantsDrain;
  }

  /** The other end has message `sequence`. Numbers that were never sent, or acknowledged before, are ignored. */
  acknowledge(sequence: number): void {
    const entry = this.unacknowledged.get(sequence);
    if (entry === undefined) return;
    this.unacknowledged.delete(sequence);
    if (entry.state === 'sent') this.inFlight -= 1;
    else if (entry.state === 'lost') this.toResend -= 1;
    if (entry.attempts === 1) {
      const now = this.hooks.now();
      this.roundTrips.add(now - entry.sentAt);
      this.window.onAcknowledged(now - entry.sentAt, now);
    }
    this.pump();
  }

  /** The connection is gone: everything unacknowledged has to be sent again over the next one. */
  connectionLost(): void {
    for (const entry of this.unacknowledged.values()) {
      entry.attempts = 1;
      this.markLost(entry);
    }
    this.window.reset();
  }

  /** Stops (or lets go on) sending, because the other end's connection is inactive. */
  hold(held: boolean): void {
    if (held === (this.heldSince !== undefined)) return;
    this.heldSince = held ? this.hooks.now() : undefined;
    this.pump();
  }

  /** Sends what may be sent now. To be called when a connection is there and when it has room again. */
  pump(): void {
    while (this.mayGoOn() && this.inFlight < this.window.messages && this.sendOne());
    this.schedule();
    if (!this.wantsDrain || this.outbox.waitingBytes > LOW_WATER_BYTES) return;
    this.wantsDrain = false;
    this.hooks.drained();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private mayGoOn(): boolean {
    return !this.closed && this.heldSince === undefined && this.hooks.ready();
  }

  private sendOne(): boolean {
    return this.toResend > 0 ? this.resendOldest() : this.sendNew();
  }

  private resendOldest(): boolean {
    for (const entry of this.unacknowledged.values()) {
      if (entry.state !== 'lost') continue;
      entry.state = 'sent';
      this.inFlight += 1;
      this.toResend -= 1;
      this.resend(entry);
      return true;
    }
    return false;
  }

  private resend(entry: Unacknowledged): void {
    entry.attempts += 1;
    entry.sentAt = this.hooks.now();
    this.hooks.transmit(entry.frame);
  }

  private sendNew(): boolean {
    const payload = this.outbox.shift();
    if (payload === undefined) return false;
    const { messageType } = this.hooks;
    const frame = encodeMessage({
      type: messageType,
      sequence: this.next,
      // Only the agent marks its first message (amazon-ssm-agent, agent/session/datachannel/datachannel.go).
      flags: this.next === 0 && messageType === MESSAGE_TYPE.output ? SYN : 0,
      id: newMessageId(),
      payloadType: payload.payloadType,
      payload: this.hooks.seal?.(payload.payloadType, payload.bytes) ?? payload.bytes,
    });
    const now = this.hooks.now();
    this.unacknowledged.set(this.next, {
      frame,
      firstSentAt: now,
      sentAt: now,
      attempts: 1,
      state: 'sent',
    });
    this.next += 1;
    this.inFlight += 1;
    this.hooks.transmit(frame);
    return true;
  }

  private markLost(entry: Unacknowledged): void {
    if (entry.state === 'lost') return;
    if (entry.state === 'sent') this.inFlight -= 1;
    entry.state = entry.attempts > MAX_ATTEMPTS ? 'vain' : 'lost';
    if (entry.state === 'lost') this.toResend += 1;
  }

  private schedule(): void {
    if (this.timer !== undefined || this.closed) return;
    if (this.unacknowledged.size === 0 && this.heldSince === undefined) return;
    this.timer = setTimeout(() => {
      // What has arrived in the meantime is read before it is judged: the process itself may have been late.
      setImmediate(() => {
        this.timer = undefined;
        if (!this.closed) this.onTimer();
      });
    }, this.roundTrips.timeoutMs);
  }

  private onTimer(): void {
    // While nothing is read or nothing can be written, silence says nothing about the other end.
    if (this.hooks.ready() && this.hasWaitedTooLong()) {
      this.close();
      this.hooks.gaveUp();
      return;
    }
    if (this.mayGoOn()) {
      this.markOverdue();
      const [oldest] = this.unacknowledged.values();
      if (oldest?.state === 'vain') this.resend(oldest);
    }
    this.pump();
  }

  private hasWaitedTooLong(): boolean {
    const { giveUpMs, pausedMs } = this.hooks;
    if (this.heldSince !== undefined && this.hooks.now() - this.heldSince > pausedMs) return true;
    return this.waitingMs > giveUpMs;
  }

  private markOverdue(): void {
    const now = this.hooks.now();
    const timeoutMs = this.roundTrips.timeoutMs;
    const before = this.toResend;
    for (const entry of this.unacknowledged.values())
      if (entry.state === 'sent' && now - entry.sentAt > timeoutMs) this.markLost(entry);
    if (this.toResend > before) this.window.onLoss(now, timeoutMs);
  }
}
