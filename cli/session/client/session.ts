import { Link } from '../reliable/link';
import { FLAG, MESSAGE_TYPE, MalformedMessage, PAYLOAD_TYPE } from '../wire/message';
import { readJson, textOf, type JsonObject } from '../wire/json';
import { Connection } from './connection';
import type { PayloadCipher } from './encryption';
import { SessionError } from './errors';
import type { SessionEvent } from './events';
import type { Consumer, OpenOptions, SessionEnd } from './options';
import { answerHandshake, answerChallenge, type Agreement } from './handshake';

const DEFAULTS = {
  openMs: 30_000,
  giveUpMs: 300_000,
  pausedMs: 60_000,
  pingMs: 30_000,
  pongMs: 15_000,
  resumeForMs: 300_000,
};
/** How long to wait for the service's word after asking it to end the session. */
const TERMINATE_MS = 2_000;

/** An open session: bytes and flags to a box and back, until one side ends it. */
export class Session {
  /** Resolves, never rejects, when the session is over. */
  readonly ended: Promise<SessionEnd>;
  private readonly link: Link;
  private readonly connection: Connection;
  private agreement: Agreement | undefined;
  private cipher: PayloadCipher | undefined;
  private consumer: Consumer | undefined;
  private early: { payloadType: number; payload: Buffer }[] = [];
  private end: SessionEnd | undefined;
  private terminating = false;
  private greeted = false;
  private resolveEnded: (end: SessionEnd) => void = () => undefined;
  private resolveOpened: () => void = () => undefined;

  constructor(private readonly options: OpenOptions) {
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    const times = { ...DEFAULTS, ...options };
    this.link = new Link({
      sends: MESSAGE_TYPE.input,
      receives: MESSAGE_TYPE.output,
      giveUpMs: times.giveUpMs,
      pausedMs: times.pausedMs,
      paused: (paused) => options.paused?.(paused),
      payload: (type, payload) => this.take(type, payload),
      channelClosed: (payload) => {
        this.channelClosed(payload);
      },
      drained: () => this.consumer?.drained(),
      gaveUp: () => {
        this.fail(
          'no-answer',
          `The box has not answered for ${Math.round(this.link.waitingMs / 1_000)} seconds.`,
        );
      },
      malformed: (problem) => {
        this.note(`Ignored a message: ${problem}.`);
      },
      seal: (type, payload) =>
        this.cipher !== undefined && type === PAYLOAD_TYPE.output ? this.cipher.seal(payload) : payload,
    });
    this.connection = new Connection(
      { ...times, resume: () => options.resume() },
      {
        frame: (bytes) => {
          this.link.receive(bytes);
        },
        roomAgain: () => {
          this.link.roomAgain();
        },
        connected: (socket) => {
          this.link.attach(socket);
        },
        event: (event) => {
          if (event.type === 'lost') this.link.detach();
          this.tell(event);
        },
        over: (error) => {
          this.finish({ by: 'failure', message: error.message, error });
        },
      },
    );
  }

  get sessionId(): string {
    return this.options.sessionId;
  }
  /** `Standard_Stream`, `InteractiveCommands`, `NonInteractiveCommands` or `Port`. */
  get sessionType(): string {
    return this.agreement?.sessionType ?? '';
  }
  /** The document's properties: `portNumber`, `host`, `type`, … */
  get properties(): JsonObject {
    return this.agreement?.properties ?? {};
  }
  get agentVersion(): string {
    return this.agreement?.agentVersion ?? '';
  }
  /** How long the box has left something unacknowledged, in milliseconds. Long means: look whether it is still there. */
  get waitingMs(): number {
    return this.link.waitingMs;
  }

  /** Connects and shakes hands. @throws SessionError */
  async open(): Promise<void> {
    const opened = new Promise<void>((resolve) => (this.resolveOpened = resolve));
    const { openMs } = { ...DEFAULTS, ...this.options };
    const timer = setTimeout(() => {
      this.fail(
        'no-handshake',
        `The agent on the box did not begin the session within ${openMs / 1_000} seconds.`,
      );
    }, openMs);
    try {
      await this.connection.open();
      await Promise.race([opened, this.ended]);
    } catch (error) {
      this.connection.close(true);
      throw error;
    } finally {
      clearTimeout(timer);
    }
    if (this.end !== undefined) throw this.end.error ?? new SessionError('closed', this.end.message);
  }

  /** Names who takes what comes; what came before is handed over at once. */
  consume(consumer: Consumer): void {
    this.consumer = consumer;
    const { early } = this;
    this.early = [];
    for (const { payloadType, payload } of early) consumer.payload(payloadType, payload);
    this.link.listen(true);
    if (this.end !== undefined) consumer.ended(this.end);
  }

  /** Sends bytes. @returns false when the caller should wait for `drained` before it sends more */
  send(payloadType: number, payload: Buffer): boolean {
    return this.link.send(payloadType, payload);
  }

  /** Sends one of {@link FLAG}. */
  sendFlag(flag: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(flag);
    this.send(PAYLOAD_TYPE.flag, payload);
  }

  /** Resolves when the box has acknowledged everything sent so far; never, when the session ends before. */
  flushed(): Promise<void> {
    return this.link.flushed();
  }

  /** Stops reading from the channel, or goes on. */
  listen(listening: boolean): void {
    this.link.listen(listening);
  }

  /**
   * Ends the session: tells the agent, and waits a moment for the service to confirm. Whoever started the session should
   * call `ssm:TerminateSession` besides, which works without a connection.
   */
  async terminate(): Promise<SessionEnd> {
    if (this.end !== undefined) return this.end;
    this.terminating = true;
    this.link.listen(true);
    this.sendFlag(FLAG.terminateSession);
    const timer = setTimeout(() => {
      this.finish({ by: 'us', message: 'The session was terminated.' });
    }, TERMINATE_MS);
    const end = await this.ended;
    clearTimeout(timer);
    return end;
  }

  private take(payloadType: number, payload: Buffer): boolean {
    if (payloadType === PAYLOAD_TYPE.handshakeRequest) {
      // One handshake a session: a second one could change the keys under what is on its way.
      if (!this.greeted) void this.shakeHands(payload);
      this.greeted = true;
    } else if (payloadType === PAYLOAD_TYPE.encryptionChallenge) this.meetChallenge(payload);
    else if (payloadType === PAYLOAD_TYPE.handshakeComplete) this.begin(payload);
    else this.handOver(payloadType, this.unsealed(payloadType, payload));
    return true;
  }

  private async shakeHands(payload: Buffer): Promise<void> {
    const { dataKey, sessionId } = this.options;
    try {
      const answer = await answerHandshake(payload, sessionId, dataKey);
      this.agreement = answer.agreement;
      this.cipher = answer.cipher;
      this.send(PAYLOAD_TYPE.handshakeResponse, answer.response);
      if (answer.refusal === undefined) return;
      await Promise.race([this.link.flushed(), this.ended]);
      this.fail('unsupported', answer.refusal);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.fail('protocol', `The agent's handshake cannot be read: ${error.message}.`);
    }
  }

  private meetChallenge(payload: Buffer): void {
    try {
      if (this.cipher === undefined) throw new MalformedMessage('a challenge came without a key');
      this.send(PAYLOAD_TYPE.encryptionChallengeAnswer, answerChallenge(payload, this.cipher));
    } catch (error) {
      this.fail('protocol', `The agent's encryption challenge failed: ${String(error)}.`);
    }
  }

  private begin(payload: Buffer): void {
    try {
      const message = textOf(readJson(payload, 'handshake completion').CustomerMessage).trim();
      if (message !== '') this.note(message);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.note(`Ignored a message: ${error.message}.`);
    }
    this.resolveOpened();
  }

  private unsealed(payloadType: number, payload: Buffer): Buffer {
    const encrypted: readonly number[] = [
      PAYLOAD_TYPE.output,
      PAYLOAD_TYPE.standardError,
      PAYLOAD_TYPE.exitCode,
    ];
    if (this.cipher === undefined || !encrypted.includes(payloadType)) return payload;
    try {
      return this.cipher.open(payload);
    } catch (error) {
      this.fail('protocol', `Something encrypted with another key came from the box: ${String(error)}.`);
      return Buffer.alloc(0);
    }
  }

  private handOver(payloadType: number, payload: Buffer): void {
    if (this.end !== undefined) return;
    if (this.consumer !== undefined) {
      this.consumer.payload(payloadType, payload);
      return;
    }
    // An agent too old for handshakes begins with the shell's output (src/sessionmanagerplugin/session/sessionhandler.go).
    this.agreement ??= { sessionType: 'Standard_Stream', properties: {}, agentVersion: '' };
    this.resolveOpened();
    this.early.push({ payloadType, payload });
    this.link.listen(false);
  }

  private channelClosed(payload: Buffer): void {
    let output = '';
    try {
      output = textOf(readJson(payload, 'closing message').Output).trim();
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.note(`Ignored the text of a closing message: ${error.message}.`);
    }
    const message = output === '' ? 'The session was closed.' : `The session was closed: ${output}`;
    this.finish(
      this.terminating
        ? { by: 'us', message }
        : { by: 'service', message, error: new SessionError('closed', message) },
    );
  }

  /** Ends the session because of a failure on this side. */
  fail(code: SessionError['code'], message: string): void {
    this.finish({ by: 'failure', message, error: new SessionError(code, message) });
  }

  private finish(end: SessionEnd): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.link.close();
    this.connection.close(end.by === 'failure');
    this.resolveEnded(end);
    this.consumer?.ended(end);
  }

  private tell(event: SessionEvent): void {
    this.options.event?.(event);
    if (event.type === 'lost') this.note(`The connection was lost (${event.why}).`);
    else if (event.type === 'resumed') this.note('Connected again.');
  }

  private note(line: string): void {
    this.options.notice?.(line);
  }
}

/**
 * Opens a session that `ssm:StartSession` has granted.
 *
 * @throws SessionError when no connection or no session comes about
 */
export async function openSession(options: OpenOptions): Promise<Session> {
  const session = new Session(options);
  await session.open();
  return session;
}
