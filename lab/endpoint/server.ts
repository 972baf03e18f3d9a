import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readCall, readHead, type CallHead } from './call';
import type { AwsCall, AwsReply, Extension, Interceptor } from './extension';
import { AwsFault } from './fault';
import { errorReply } from './reply';

/** Headers that belong to one connection, or that this server answers itself. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect'];

/** Answers a request on a path of the lab's own; false when the path is not its. */
export type OwnPath = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** What {@link startEndpoint} needs. */
export interface EndpointOptions {
  /** Address of the emulator. */
  readonly emulator: string;
  /** Writes one line to the lab's log. */
  readonly log: (line: string) => void;
}

/** Takes over a connection that asks to speak another protocol; false when it is for somebody else. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/** Hears of a call when it has been answered; `from` is the caller's address. S3 bodies that stream through are not heard. */
export type Listener = (call: AwsCall, reply: AwsReply, from: string) => void;

/** The lab's one address, which may be given extensions after it listens. */
export interface Endpoint {
  readonly url: string;
  /** Puts an extension in front of the emulator. Throws when one of its operations is taken. */
  add(extension: Extension): void;
  /** Paths that are no AWS API, for example the answers of custom resources. */
  addPath(own: OwnPath): void;
  /** Connections that ask for another protocol go there. */
  addUpgrade(upgrade: Upgrade): void;
  /** Tells a listener of every call. */
  listen(listener: Listener): void;
  /** Resets every connection, and every new one for so long: callers never learn what became of what they asked. */
  cut(milliseconds: number): void;
  stop(): Promise<void>;
}

const passed = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function send(
  emulator: string,
  call: Pick<AwsCall, 'method' | 'path' | 'headers'>,
): ReturnType<typeof request> {
  const { hostname, port } = new URL(emulator);
  return request({ hostname, port, method: call.method, path: call.path, headers: passed(call.headers) });
}

const answerOf = (sent: ReturnType<typeof request>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });

const headersOf = (message: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );

/** Sends a whole call to the emulator. */
async function forward(emulator: string, call: AwsCall): Promise<AwsReply> {
  const headers = Object.fromEntries(
    Object.entries(call.headers).filter(
      ([name]) => name !== 'transfer-encoding' && name !== 'content-length',
    ),
  );
  const sent = send(emulator, {
    ...call,
    headers: { ...headers, 'content-length': String(call.body.length) },
  });
  const answer = answerOf(sent);
  sent.end(call.body);
  const message = await answer;
  return { status: message.statusCode ?? 502, headers: headersOf(message), body: await readAll(message) };
}

/** Passes a call through without holding its body, in either direction. */
async function stream(
  emulator: string,
  head: CallHead,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const sent = send(emulator, head);
  const answer = answerOf(sent);
  const [message] = await Promise.all([answer, pipeline(incoming, sent)]);
  outgoing.writeHead(message.statusCode ?? 502, passed(headersOf(message)));
  await pipeline(message, outgoing);
}

function write(outgoing: ServerResponse, reply: AwsReply, method: string): void {
  const kept = Object.entries(passed(reply.headers)).filter(
    ([name]) => name !== 'transfer-encoding' && (name !== 'content-length' || method === 'HEAD'),
  );
  const length = method === 'HEAD' ? {} : { 'content-length': String(reply.body.length) };
  outgoing.writeHead(reply.status, { ...Object.fromEntries(kept), ...length });
  outgoing.end(reply.body);
}

class LabEndpoint implements Endpoint {
  private readonly interceptors = new Map<string, Interceptor>();
  private readonly ownPaths: OwnPath[] = [];
  private readonly listeners: Listener[] = [];
  private readonly sockets = new Set<Socket>();
  private cutUntil = 0;

  constructor(
    private readonly server: Server,
    private readonly options: EndpointOptions,
  ) {
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
      void this.handle(incoming, outgoing);
    });
    server.on('connection', (socket: Socket) => {
      if (Date.now() < this.cutUntil) socket.resetAndDestroy();
      else this.sockets.add(socket.once('close', () => this.sockets.delete(socket)));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  add(extension: Extension): void {
    for (const [operation, interceptor] of Object.entries(extension.operations)) {
      const name = `${extension.service}.${operation}`;
      if (this.interceptors.has(name)) throw new Error(`Two extensions of the lab intercept ${name}.`);
      this.interceptors.set(name, interceptor);
    }
  }

  addPath(own: OwnPath): void {
    this.ownPaths.push(own);
  }

  addUpgrade(upgrade: Upgrade): void {
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (upgrade(request, socket, head)) return;
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
  }

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  cut(milliseconds: number): void {
    this.cutUntil = Date.now() + milliseconds;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const where = `${incoming.method ?? ''} ${incoming.url ?? ''}`;
    try {
      for (const own of this.ownPaths) if (await own(incoming, outgoing)) return;
      await this.answer(incoming, outgoing);
    } catch (error) {
      this.options.log(`endpoint: ${where}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(502).end(`The lab's endpoint failed: ${String(error)}`);
    }
  }

  private async answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { emulator } = this.options;
    const head = readHead(incoming.method ?? 'GET', incoming.url ?? '/', incoming.headers);
    const mayIntercept = head.service !== 's3' || this.interceptors.has(`s3.${head.operation ?? ''}`);
    if (!mayIntercept) {
      await stream(emulator, head, incoming, outgoing);
      return;
    }
    const call = readCall(head, await readAll(incoming));
    const interceptor =
      this.interceptors.get(`${call.service}.${call.operation}`) ??
      this.interceptors.get(`${call.service}.*`);
    const pass = async (changed: AwsCall): Promise<AwsReply> =>
      this.inWords(changed, await forward(emulator, changed));
    const reply =
      interceptor === undefined ? await pass(call) : await this.intercept(interceptor, call, pass);
    write(outgoing, reply, call.method);
    for (const listener of this.listeners) listener(call, reply, incoming.socket.remoteAddress ?? '');
  }

  /**
   * The emulator answers a web page to what it does not know. Clients would take that for a passing failure and try again
   * for half a minute: it becomes an error that says what is missing.
   */
  private inWords(call: AwsCall, reply: AwsReply): AwsReply {
    if (reply.status < 400 || !(reply.headers['content-type'] ?? '').startsWith('text/html')) return reply;
    const name = `${call.service}.${call.operation}`;
    this.options.log(
      `endpoint: the emulator answered ${reply.status} to ${name}: ${reply.body.toString().slice(0, 300)}`,
    );
    if (reply.status === 500) {
      const message = `The emulator failed at ${name}; its log says why.`;
      return errorReply(call, { code: 'InternalFailure', message, status: 500 });
    }
    return errorReply(call, { code: 'UnknownOperation', message: `The lab has no ${name}.`, status: 400 });
  }

  private async intercept(
    interceptor: Interceptor,
    call: AwsCall,
    pass: (call: AwsCall) => Promise<AwsReply>,
  ): Promise<AwsReply> {
    try {
      return await interceptor(call, pass);
    } catch (error) {
      if (error instanceof AwsFault) return errorReply(call, error);
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.options.log(`endpoint: ${call.service}.${call.operation} failed in the lab: ${text}`);
      const message = `The lab failed at ${call.service}.${call.operation}: ${String(error)}`;
      return errorReply(call, { code: 'InternalFailure', message, status: 500 });
    }
  }
}

/** Starts the lab's endpoint on a free port of 127.0.0.1. */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  // Never closes a quiet connection: a client that does not try again would now and then meet it just being closed.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 });
  const endpoint = new LabEndpoint(server, options);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return endpoint;
}
