import type { Agent } from 'node:http';
import type { Ticket } from './connection';
import type { DataKeyProvider } from './encryption';
import type { SessionError } from './errors';
import type { SessionEvent } from './events';
import type { HeaderProvider } from './sign';

/** What `ssm:StartSession` returned, and how to go on from there. Times in milliseconds. */
export interface OpenOptions {
  readonly sessionId: string;
  readonly streamUrl: string;
  readonly token: string;
  /** Asks `ssm:ResumeSession` for a new token; undefined when the session is over. May throw when it cannot be asked now. */
  resume(): Promise<Ticket | undefined>;
  /** Signs the request for each connection; see `signStream`. Without it, the token alone has to do. */
  readonly headers?: HeaderProvider;
  /** For sessions encrypted with a KMS key; without it they are refused. */
  readonly dataKey?: DataKeyProvider;
  /** HTTP(S) agent for the WebSocket, where a proxy is needed. */
  readonly agent?: Agent;
  /** One line about what happens: connection lost, resumed, a message from the service. */
  notice?(line: string): void;
  /** The same for programs: connection lost, a token needed, resumed. */
  event?(event: SessionEvent): void;
  /** For the handshake as a whole. Default 30,000. */
  readonly openMs?: number;
  /** Without an acknowledgement for so long, the session ends. Default 300,000, as the official client's. */
  readonly giveUpMs?: number;
  /**
   * How long the service may say that the box is not connected, before the session ends. Default 60,000. The official client
   * takes no notice and hangs (amazon-ssm-agent issue 173).
   */
  readonly pausedMs?: number;
  /** The service says that the box is not connected (`true`): a good moment to look whether it still exists. Or it is again. */
  paused?(paused: boolean): void;
  /** Between pings. Default 30,000; the service needs one every five minutes, a dead line is noticed sooner this way. */
  readonly pingMs?: number;
  /** For the answer to a ping. Default 15,000. */
  readonly pongMs?: number;
  /** For getting another connection after one was lost. Default 300,000. */
  readonly resumeForMs?: number;
}

/** How a session came to its end. */
export interface SessionEnd {
  /** `us`: `terminate` was called. `service`: it sent `channel_closed`. `failure`: everything else. */
  readonly by: 'us' | 'service' | 'failure';
  /** One sentence for a person. */
  readonly message: string;
  readonly error?: SessionError;
}

/** Who takes what comes from the box. */
export interface Consumer {
  payload(payloadType: number, payload: Buffer): void;
  /** Room for more after `send` returned false. */
  drained(): void;
  /** The session is over. */
  ended(end: SessionEnd): void;
}
