import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  forwardPort,
  openSession as openClient,
  type Forward,
  type OpenOptions,
  type Session,
} from '../../../cli/session/index';
import { openSession as openLab, type LabSession, type LabSessionOptions } from '../../../lab/session/index';

/** Runs at the end of each test, last first, whatever happened. */
const cleanups: (() => Promise<unknown>)[] = [];

export function later(cleanup: () => Promise<unknown>): void {
  cleanups.push(cleanup);
}

let running = { over: false };
beforeEach(() => (running = { over: false }));

afterEach(async () => {
  running.over = true;
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server on a free port of the loopback. */
export async function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  later(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A port of the loopback on which nothing listens. */
export async function unusedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export const FORWARDING = 'LocalPortForwarding';

/** The lab's end of a session. */
export async function labSession(options: Partial<LabSessionOptions>): Promise<LabSession> {
  const lab = await openLab({
    sessionId: 'operator-0123456789abcdef0',
    token: 'token-1',
    sessionType: 'Port',
    properties: {},
    ...options,
  });
  later(() => lab.close());
  return lab;
}

/** The options with which a client opens a session of the lab. */
export function ticketFor(lab: LabSession, options: Partial<OpenOptions> = {}): OpenOptions {
  return {
    sessionId: 'operator-0123456789abcdef0',
    streamUrl: lab.streamUrl,
    token: 'token-1',
    resume: () => {
      const token = lab.resume();
      return Promise.resolve(token === undefined ? undefined : { token });
    },
    ...options,
  };
}

/** A client's session. */
export async function clientSession(lab: LabSession, options: Partial<OpenOptions> = {}): Promise<Session> {
  const session = await openClient(ticketFor(lab, options));
  later(() => session.terminate());
  return session;
}

/** Both ends of a session that forwards to a port. */
export interface Tunnel {
  readonly lab: LabSession;
  readonly session: Session;
  readonly forward: Forward;
}

export async function tunnel(
  port: number,
  labOptions: Partial<LabSessionOptions> = {},
  options: Partial<OpenOptions> = {},
): Promise<Tunnel> {
  const lab = await labSession({
    properties: { host: '127.0.0.1', portNumber: String(port), type: FORWARDING },
    ...labOptions,
  });
  const session = await clientSession(lab, options);
  const forward = await forwardPort(session);
  later(() => forward.close());
  return { lab, session, forward };
}

/** A connection to a local port; its errors are for those who look at `closed`. */
export function dial(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => socket.destroy());
  later(() => Promise.resolve(socket.destroy()));
  return socket;
}

/** Resolves with the error code, or nothing, when a socket is closed. */
export function closed(socket: Socket): Promise<string | undefined> {
  let code: string | undefined;
  socket.once('error', (error: NodeJS.ErrnoException) => (code = error.code));
  return new Promise((resolve) =>
    socket.once('close', () => {
      resolve(code);
    }),
  );
}

/** SHA-256 and length of everything that comes until the end. */
export async function digest(socket: Socket): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    if (socket.destroyed) break;
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Everything that comes until the end, as text. */
export async function text(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Writes a block again and again, no faster than it is taken. @returns SHA-256 of everything written */
export async function pour(socket: Socket, block: Buffer, times: number): Promise<string> {
  const hash = createHash('sha256');
  for (let count = 0; count < times; count += 1) {
    hash.update(block);
    if (!socket.write(block)) await once(socket, 'drain');
  }
  return hash.digest('hex');
}

/** Resolves when `condition` holds. The test's own time limit is the only one; waiting ends with the test. */
export async function until(condition: () => boolean): Promise<void> {
  const test = running;
  while (!condition()) {
    if (test.over) throw new Error('the test was over before what it waited for');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
