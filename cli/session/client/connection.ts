import { randomUUID } from 'node:crypto';
import type { Agent } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { FrameSocket, FrameSocketHooks } from '../reliable/frame-socket';
import { connect } from './connect';
import { SessionError, textOfError } from './errors';
import type { SessionEvent } from './events';
import type { HeaderProvider } from './sign';

/** What opens a session, and what opens it again. */
export interface Ticket {
  readonly token: string;
  /** Where to connect; when absent, where it was before. */
  readonly streamUrl?: string;
}

/** How a {@link Connection} behaves; times in milliseconds. */
export interface ConnectionOptions {
  readonly streamUrl: string;
  readonly token: string;
  /** Asks `ssm:ResumeSession` for a new ticket; undefined when the session is over. May throw when it cannot be asked now. */
  resume(): Promise<Ticket | undefined>;
  readonly agent?: Agent;
  readonly headers?: HeaderProvider;
  /** How often the other side is asked for a sign of life. */
  readonly pingMs: number;
  /** How long it may take to give one. */
  readonly pongMs: number;
  /** How long to go on trying after a connection was lost. */
  readonly resumeForMs: number;
}

/** What a {@link Connection} tells its owner. */
export interface ConnectionHooks {
  frame(bytes: Buffer): void;
  roomAgain(): void;
  /** A connection is there; called again after every resume, before the event `resumed`. */
  connected(socket: FrameSocket): void;
  /** The connection is gone, another is being sought, or found. */
  event(event: SessionEvent): void;
  /** No connection any more, and none to be had. */
  over(error: SessionError): void;
}

/** Attempts to open the first connection, as many as the official client makes (src/config/config.go). */
const FIRST_ATTEMPTS = 5;
const RETRY_MS = { first: 100, most: 5_000 };

/** Keeps one WebSocket of a session open, and opens another one with a new token when it is lost. */
export class Connection {
  private readonly clientId = randomUUID();
  private socket: FrameSocket | undefined;
  private streamUrl: string;
  private closed = false;
  private readonly heartbeat: NodeJS.Timeout;
  private wake: (() => void) | undefined;

  constructor(
    private readonly options: ConnectionOptions,
    private readonly hooks: ConnectionHooks,
  ) {
    this.streamUrl = options.streamUrl;
    this.heartbeat = setInterval(() => {
      this.checkAlive();
    }, options.pingMs);
  }

  /** @throws SessionError `unreachable` */
  async open(): Promise<void> {
    let problem = '';
    for (let attempt = 0; attempt < FIRST_ATTEMPTS && !this.closed; attempt += 1) {
      if (attempt > 0) await this.pause((RETRY_MS.first / 2) * 2 ** attempt);
      try {
        await this.connect(this.options.token);
        return;
      } catch (error) {
        problem = textOfError(error);
      }
    }
    throw new SessionError('unreachable', `No connection to ${originOf(this.streamUrl)}: ${problem}.`);
  }

  close(now: boolean): void {
    this.closed = true;
    clearInterval(this.heartbeat);
    this.socket?.close(now);
    this.wake?.();
  }

  private async connect(token: string): Promise<void> {
    const current: { socket?: FrameSocket } = {};
    const hooks: FrameSocketHooks = {
      frame: (bytes) => {
        this.hooks.frame(bytes);
      },
      roomAgain: () => {
        this.hooks.roomAgain();
      },
      lost: (why) => {
        if (this.closed || this.socket !== current.socket) return;
        this.socket = undefined;
        this.hooks.event({ type: 'lost', why });
        void this.seekAnother(why);
      },
    };
    const { agent, headers } = this.options;
    const to = {
      streamUrl: this.streamUrl,
      token,
      clientId: this.clientId,
      ...(agent === undefined ? {} : { agent }),
      ...(headers === undefined ? {} : { headers }),
    };
    current.socket = await connect(to, hooks);
    this.socket = current.socket;
    if (this.closed) current.socket.close(true);
    else this.hooks.connected(current.socket);
  }

  private checkAlive(): void {
    const { socket } = this;
    if (socket === undefined) return;
    if (socket.silentMs > this.options.pingMs + this.options.pongMs)
      socket.abandon(`nothing heard for ${Math.round(socket.silentMs / 1_000)} seconds`);
    else socket.ping();
  }

  private async seekAnother(why: string): Promise<void> {
    const lostAt = performance.now();
    let wait: number = RETRY_MS.first;
    for (let attempt = 1; !this.closed; attempt += 1) {
      const problem = await this.tryToResume(why, lostAt, attempt);
      if (problem === undefined) return;
      if (performance.now() - lostAt >= this.options.resumeForMs) {
        const text = `The connection was lost (${why}) and could not be opened again: ${problem}.`;
        this.end(new SessionError('not-resumable', text));
        return;
      }
      const retryInMs = wait * (0.5 + Math.random() / 2);
      wait = Math.min(RETRY_MS.most, wait * 2);
      this.hooks.event({ type: 'resume-failed', attempt, why: problem, retryInMs });
      await this.pause(retryInMs);
    }
  }

  /** @returns what went wrong; nothing when no further attempt is needed: connected, or over */
  private async tryToResume(why: string, lostAt: number, attempt: number): Promise<string | undefined> {
    try {
      this.hooks.event({ type: 'token-needed', attempt });
      await this.resumeOnce(why, lostAt);
      return undefined;
    } catch (error) {
      return textOfError(error);
    }
  }

  private async resumeOnce(why: string, lostAt: number): Promise<void> {
    const ticket = await this.options.resume();
    if (this.closed) return;
    if (ticket === undefined) {
      const text = `The connection was lost (${why}), and the session is over: it cannot be resumed.`;
      this.end(new SessionError('not-resumable', text));
      return;
    }
    this.streamUrl = ticket.streamUrl ?? this.streamUrl;
    await this.connect(ticket.token);
    this.hooks.event({ type: 'resumed', afterMs: performance.now() - lostAt });
  }

  private end(error: SessionError): void {
    if (this.closed) return;
    this.close(true);
    this.hooks.over(error);
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Scheme and host of a URL; the rest may carry what is nobody's business. */
function originOf(url: string): string {
  return URL.canParse(url) ? `${new URL(url).protocol}//${new URL(url).host}` : 'the stream URL';
}
