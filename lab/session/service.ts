import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { FrameSocket, type FrameSocketHooks } from '../../cli/session/reliable/frame-socket';
import { Link, type LinkSocket } from '../../cli/session/reliable/link';
import { isObject, textOf } from '../../cli/session/wire/json';
import { MESSAGE_TYPE, PAYLOAD_TYPE, encodeMessage, newMessageId } from '../../cli/session/wire/message';
import { Agent } from './agent';
import type { LabSessionOptions } from './options';

const MINUTE_MS = 60_000;
/** AWS's own, when a document says nothing: 20 minutes. */
const IDLE_MINUTES = 20;
/** How long, in milliseconds, the agent waits for its last messages to be acknowledged (PrepareToCloseChannel). */
const DRAIN_MS = 2_000;

/** The service's end of one session: who may connect, how long it lasts, and the agent behind it. */
export class Service {
  /** Resolves with the closing message when the session is over. */
  readonly ended: Promise<string>;
  private readonly sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  private readonly link: Link;
  private readonly agent: Agent;
  private socket: FrameSocket | undefined;
  private tokens: Set<string>;
  private started = false;
  private over = false;
  private vanished = false;
  private finishing = false;
  private idle: NodeJS.Timeout | undefined;
  private late: NodeJS.Timeout | undefined;
  private readonly max: NodeJS.Timeout | undefined;
  private resolveEnded: (message: string) => void = () => undefined;

  constructor(
    private readonly options: LabSessionOptions,
    private readonly server: Server,
  ) {
    this.tokens = new Set([options.token]);
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    this.link = this.newLink();
    this.agent = new Agent(options, {
      send: (type, payload) => this.link.send(type, payload),
      listen: (listening) => {
        this.link.listen(listening);
      },
      done: (message = '') => void this.finish(message),
      log: (line) => {
        this.log(line);
      },
    });
    server.on('upgrade', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
      if (options.requiresSignature === true && !isSigned(request)) {
        this.log('refused a connection: its request is not signed');
        raw.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      this.sockets.handleUpgrade(request, raw, head, (socket) => {
        this.greet(socket, raw);
      });
    });
    if (options.maxMinutes !== undefined)
      this.max = setTimeout(() => {
        void this.close('Your session has reached its maximum duration and has been terminated.');
      }, options.maxMinutes * MINUTE_MS);
    this.used();
  }

  /** A token for one more connection; undefined when the session is over. */
  newToken(): string | undefined {
    if (this.over || this.vanished) return undefined;
    const token = `${randomUUID()}${randomUUID()}`;
    this.tokens.add(token);
    return token;
  }

  cut(): void {
    this.socket?.abandon('cut');
  }

  vanish(): void {
    this.vanished = true;
    this.agent.stop();
    this.socket?.send(serviceMessage(MESSAGE_TYPE.pausePublication, {}));
  }

  async close(message: string): Promise<void> {
    if (!this.over) {
      this.over = true;
      clearTimeout(this.idle);
      clearTimeout(this.max);
      clearTimeout(this.late);
      this.agent.stop();
      this.link.close();
      this.options.impairment?.stop();
      this.socket?.send(serviceMessage(MESSAGE_TYPE.channelClosed, this.closing(message)));
      this.socket?.close();
      this.log(message === '' ? 'session ended' : `session ended: ${message}`);
      this.resolveEnded(message);
    }
    await new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
      this.server.closeAllConnections();
      for (const socket of this.sockets.clients) if (socket.readyState !== socket.CLOSING) socket.terminate();
    });
  }

  private newLink(): Link {
    return new Link({
      sends: MESSAGE_TYPE.output,
      receives: MESSAGE_TYPE.input,
      giveUpMs: Infinity,
      pausedMs: Infinity,
      payload: (type, payload) => this.take(type, payload),
      channelClosed: () => undefined,
      drained: () => {
        this.agent.drained();
      },
      gaveUp: () => undefined,
      malformed: (problem) => {
        this.log(`ignored a message: ${problem}`);
      },
      seal: (type, payload) => this.agent.seal(type, payload),
    });
  }

  /** The first frame of a connection is text and shows a token. */
  private greet(socket: WebSocket, raw: Duplex): void {
    socket.on('error', (error) => {
      this.log(`connection: ${error.message}`);
    });
    socket.once('message', (data: Buffer, isBinary: boolean) => {
      const token = isBinary ? '' : tokenIn(data.toString('utf8'));
      if (this.over || this.vanished || !this.tokens.delete(token)) {
        this.log('refused a connection: its token is not valid');
        socket.close(1008, 'the token is not valid');
        return;
      }
      this.connect(socket, raw);
    });
  }

  private connect(socket: WebSocket, raw: Duplex): void {
    this.socket?.close(true);
    const receive = this.spoiled((frame) => {
      if (!this.vanished) this.link.receive(frame);
    });
    const hooks: FrameSocketHooks = {
      frame: receive,
      roomAgain: () => {
        this.link.roomAgain();
      },
      lost: (why) => {
        if (this.socket !== frames) return;
        this.socket = undefined;
        this.link.detach();
        this.log(`the client's connection is gone: ${why}`);
      },
    };
    const frames = new FrameSocket(socket, raw, hooks, 'server');
    this.socket = frames;
    this.link.attach(this.linkSocket(frames));
    this.used();
    if (!this.started) this.startAgent();
    this.started = true;
  }

  private startAgent(): void {
    const { agentLateMs = 0 } = this.options;
    if (agentLateMs === 0) this.agent.start();
    else
      this.late = setTimeout(() => {
        this.agent.start();
      }, agentLateMs);
  }

  private linkSocket(frames: FrameSocket): LinkSocket {
    const send = this.spoiled((frame) => {
      if (!this.vanished) frames.send(frame);
    });
    return {
      get isReady() {
        return frames.isReady;
      },
      send,
      listen: (listening) => {
        frames.listen(listening);
      },
    };
  }

  private spoiled(deliver: (frame: Buffer) => void): (frame: Buffer) => void {
    return this.options.impairment?.direction(deliver) ?? deliver;
  }

  private take(payloadType: number, payload: Buffer): boolean {
    // Input and resizing keep a session alive, output does not
    // (https://docs.aws.amazon.com/systems-manager/latest/userguide/session-preferences-timeout.html).
    if (payloadType === PAYLOAD_TYPE.output || payloadType === PAYLOAD_TYPE.size) this.used();
    return this.agent.input(payloadType, payload);
  }

  private used(): void {
    if (this.over) return;
    if (this.idle !== undefined) {
      this.idle.refresh();
      return;
    }
    this.idle = setTimeout(
      () => {
        void this.close('Your session timed out due to inactivity and has been terminated.');
      },
      (this.options.idleMinutes ?? IDLE_MINUTES) * MINUTE_MS,
    );
  }

  /** The agent is done: what it has said is still sent, and a moment given to acknowledge it. */
  private async finish(message: string): Promise<void> {
    if (this.finishing || this.over) return;
    this.finishing = true;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      const look = (): void => {
        const again = !this.link.isSent && !this.over;
        timer = setTimeout(again ? look : resolve, again ? DRAIN_MS / 20 : DRAIN_MS);
      };
      look();
    });
    await Promise.race([this.link.flushed(), patience, this.ended]);
    clearTimeout(timer);
    await this.close(message);
  }

  private closing(message: string): Readonly<Record<string, unknown>> {
    return {
      MessageId: randomUUID(),
      CreatedDate: String(Date.now()),
      DestinationId: this.options.target ?? '',
      SessionId: this.options.sessionId,
      MessageType: MESSAGE_TYPE.channelClosed,
      SchemaVersion: 1,
      Output: message,
    };
  }

  private log(line: string): void {
    this.options.log?.(`${this.options.sessionId}: ${line}`);
  }
}

/** Whether a request names the right service in its signature (`…/<region>/ssmmessages/aws4_request`). Keys are not checked. */
function isSigned(request: IncomingMessage): boolean {
  const { authorization = '' } = request.headers;
  return /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/[^/]+\/ssmmessages\/aws4_request, SignedHeaders=[^,]*\bhost\b[^,]*, Signature=[0-9a-f]{64}$/.test(
    authorization,
  );
}

function serviceMessage(type: string, content: Readonly<Record<string, unknown>>): Buffer {
  return encodeMessage({
    type,
    sequence: 0,
    flags: 0,
    id: newMessageId(),
    payloadType: 0,
    payload: Buffer.from(JSON.stringify(content)),
  });
}

function tokenIn(text: string): string {
  try {
    const json: unknown = JSON.parse(text);
    return isObject(json) ? textOf(json.TokenValue) : '';
  } catch {
    // Whatever it is, it shows no token.
    return '';
  }
}
