import { performance } from 'node:perf_hooks';
import { acknowledgedSequence, encodeAcknowledge } from '../wire/acknowledge';
import { MESSAGE_TYPE, MalformedMessage, decodeMessage, type Message } from '../wire/message';
import { Inbox } from './inbox';
import { Sender } from './sender';

/** The connection that a {@link Link} runs over, as far as it needs to know. */
export interface LinkSocket {
  /** Whether a frame can be sent now. */
  readonly isReady: boolean;
  send(frame: Buffer): void;
  listen(listening: boolean): void;
}

/** What a {@link Link} tells its owner, and how it differs between the two ends. */
export interface LinkHooks {
  /** Message type of what this end sends: `input_stream_data` for a client, `output_stream_data` for an agent. */
  readonly sends: string;
  /** Message type of what it receives. */
  readonly receives: string;
  /** Milliseconds after which a message without acknowledgement ends the link. */
  readonly giveUpMs: number;
  /** Milliseconds for which the service may say that the other end is not connected, before the link ends. */
  readonly pausedMs: number;
  /** The service says that the other end is not connected (`true`), or it is heard again. */
  paused?(paused: boolean): void;
  /** Takes the next payload of the other end's stream. @returns false to be given it again later */
  payload(payloadType: number, payload: Buffer): boolean;
  /** `channel_closed` came; no session any more. */
  channelClosed(payload: Buffer): void;
  /** Room for more after `send` returned false. */
  drained(): void;
  gaveUp(): void;
  /** A frame that cannot be read; it is ignored. */
  malformed(problem: string): void;
  /** Milliseconds; a monotonic clock. Default: the process's own. */
  now?(): number;
  /** Changes payloads just before they are sent; encryption. */
  seal?(payloadType: number, payload: Buffer): Buffer;
}

/**
 * One end of a session's stream, over whichever connection is there: both directions keep their numbers when a connection
 * is lost and another takes its place, so that nothing is lost and nothing comes twice.
 */
export class Link {
  private socket: LinkSocket | undefined;
  private readonly sender: Sender;
  private readonly inbox: Inbox;
  private flushers: (() => void)[] = [];
  private deaf = false;
  private held = false;

  constructor(private readonly hooks: LinkHooks) {
    this.sender = new Sender({
      messageType: hooks.sends,
      giveUpMs: hooks.giveUpMs,
      pausedMs: hooks.pausedMs,
      ready: () => this.socket?.isReady ?? false,
      transmit: (frame) => this.socket?.send(frame),
      drained: () => {
        hooks.drained();
      },
      gaveUp: () => {
        hooks.gaveUp();
      },
      now: () => hooks.now?.() ?? performance.now(),
      ...(hooks.seal === undefined ? {} : { seal: hooks.seal.bind(hooks) }),
    });
    this.inbox = new Inbox({
      deliver: (type, payload) => hooks.payload(type, payload),
      acknowledge: (message) => this.socket?.send(encodeAcknowledge(message)),
    });
  }

  /** How long the other end has left something unacknowledged, in milliseconds. */
  get waitingMs(): number {
    return this.sender.waitingMs;
  }

  /** Whether everything was handed to a connection at least once. */
  get isSent(): boolean {
    return this.sender.isSent;
  }

  /** Uses a fresh connection; what was not acknowledged is sent again. */
  attach(socket: LinkSocket): void {
    this.socket = socket;
    if (this.deaf) socket.listen(false);
    this.hold(false);
    this.sender.pump();
  }

  /** The connection is gone. */
  detach(): void {
    this.socket = undefined;
    this.sender.connectionLost();
  }

  /** Sends a payload. @returns false when the caller should wait for `drained` before it sends more */
  send(payloadType: number, payload: Buffer): boolean {
    return this.sender.push(payloadType, payload);
  }

  /** Room again on the connection. */
  roomAgain(): void {
    this.sender.pump();
  }

  /** Stops reading, or goes on: backpressure from whoever takes the payloads. */
  listen(listening: boolean): void {
    this.deaf = !listening;
    this.socket?.listen(listening);
  }

  /** Resolves when everything sent so far and until then was acknowledged. */
  flushed(): Promise<void> {
    if (this.sender.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.flushers.push(resolve));
  }

  /** One frame from the connection. */
  receive(frame: Buffer): void {
    try {
      this.dispatch(decodeMessage(frame));
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.hooks.malformed(error.message);
    }
  }

  close(): void {
    this.sender.close();
    this.socket = undefined;
    this.flushers = [];
  }

  private dispatch(message: Message): void {
    if (message.type === MESSAGE_TYPE.pausePublication) {
      this.hold(true);
      return;
    }
    if (message.type === MESSAGE_TYPE.channelClosed) {
      this.hooks.channelClosed(message.payload);
      return;
    }
    // Whatever comes from the other end shows that it is there again (agent/session/datachannel/datachannel.go).
    this.hold(false);
    if (message.type === MESSAGE_TYPE.acknowledge) this.acknowledged(message.payload);
    else if (message.type === this.hooks.receives) this.inbox.accept(message);
    else if (message.type !== MESSAGE_TYPE.startPublication)
      this.hooks.malformed(`unknown message type "${message.type}"`);
  }

  private hold(held: boolean): void {
    if (this.held === held) return;
    this.held = held;
    this.sender.hold(held);
    this.hooks.paused?.(held);
  }

  private acknowledged(payload: Buffer): void {
    this.sender.acknowledge(acknowledgedSequence(payload));
    if (!this.sender.isIdle || this.flushers.length === 0) return;
    const waiting = this.flushers;
    this.flushers = [];
    for (const resolve of waiting) resolve();
  }
}
