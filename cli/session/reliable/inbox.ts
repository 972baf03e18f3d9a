import type { Message } from '../wire/message';

/**
 * Messages that are kept when they arrive ahead of order. Source: aws/session-manager-plugin, src/config/config.go
 * (IncomingMessageBufferCapacity). With payloads of any size, the bytes are bounded too.
 */
const MAX_MESSAGES = 10_000;
const MAX_BYTES = 16 * 1_024 * 1_024;

/** What an {@link Inbox} needs from its surroundings. */
export interface InboxHooks {
  /**
   * Takes the next payload in order. @returns false when nobody is there to take it yet: it is then not acknowledged, and
   * comes again (amazon-ssm-agent, agent/session/datachannel/datachannel.go, ErrHandlerNotReady)
   */
  deliver(payloadType: number, payload: Buffer): boolean;
  acknowledge(message: Message): void;
}

/**
 * The receiving half of the stream: puts messages in order, acknowledges each, and delivers each once.
 * Rules: aws/session-manager-plugin, src/datachannel/streaming.go, HandleOutputMessage; unlike there, and as the agent does,
 * a message that comes again is acknowledged again, since the first acknowledgement may have been lost.
 */
export class Inbox {
  private expected = 0;
  private readonly ahead = new Map<number, Pick<Message, 'payloadType' | 'payload'>>();
  private aheadBytes = 0;

  constructor(private readonly hooks: InboxHooks) {}

  accept(message: Message): void {
    if (message.sequence < this.expected) this.hooks.acknowledge(message);
    else if (message.sequence > this.expected) this.keep(message);
    else if (this.hooks.deliver(message.payloadType, message.payload)) {
      this.hooks.acknowledge(message);
      this.expected += 1;
      this.deliverKept();
    }
  }

  private keep(message: Message): void {
    if (!this.ahead.has(message.sequence)) {
      const full = this.ahead.size >= MAX_MESSAGES || this.aheadBytes + message.payload.length > MAX_BYTES;
      if (full) return;
      // A copy: the payload is a view into whatever the socket had read, which would stay in memory with it.
      const { sequence, payloadType, payload } = message;
      this.ahead.set(sequence, { payloadType, payload: Buffer.from(payload) });
      this.aheadBytes += message.payload.length;
    }
    this.hooks.acknowledge(message);
  }

  private deliverKept(): void {
    for (let next = this.ahead.get(this.expected); next !== undefined; next = this.ahead.get(this.expected)) {
      if (!this.hooks.deliver(next.payloadType, next.payload)) return;
      this.ahead.delete(this.expected);
      this.aheadBytes -= next.payload.length;
      this.expected += 1;
    }
  }
}
