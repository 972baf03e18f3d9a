import { once } from 'node:events';
import { connect as connectTo, isIP, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { connect as connectTls, createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { listen, portOf } from '../../session';
import { loopbackCertificate } from './certificate';
import { asksForTls, isError, offersTls, readPacket, tlsDemanded } from './packet';

/** From where to where, and whom to trust on the way. */
export interface RelayOptions {
  /** Port of this machine for clients; 0: any that is free. */
  readonly port: number;
  /** Port of this machine where the tunnel to the server begins. */
  readonly tunnelPort: number;
  /** Name that the server's certificate must hold. */
  readonly serverName: string;
  /** Roots for it, PEM. */
  readonly roots: string;
  /** A server that is not to be trusted, in a sentence. The client's connection is closed. */
  refused(message: string): void;
}

/** Until the server is known to be the right one, in milliseconds. */
const HANDSHAKE_MS = 30_000;

/**
 * A local port for clients of MySQL and MariaDB, which check a server's certificate only against the name that they connect to:
 * through a tunnel, that is this machine. So the server's certificate, its chain and its name, is checked here, on every
 * connection; clients see another one, made for this run, that names this machine. Both ways are TLS, and the login goes through
 * as it is. See docs/decisions/0014-mysql-through-a-relay.md.
 */
export class Relay {
  /** What clients trust: PEM. */
  readonly certificate: string;
  private readonly context: SecureContext;
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;

  private constructor(private readonly options: RelayOptions) {
    const { certificate, key } = loopbackCertificate();
    this.certificate = certificate;
    this.context = createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
  }

  /** @throws SessionError `local-port`, when the port cannot be had */
  static async open(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    relay.server = await listen({ port: options.port }, (client) => void relay.accept(client));
    return relay;
  }

  get port(): number {
    return this.server === undefined ? 0 : portOf(this.server);
  }

  /** Stops listening and drops what is connected. */
  async close(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    const gone = [...this.sockets].map((socket) => once(socket, 'close'));
    for (const socket of this.sockets) socket.destroy();
    await Promise.all([closed, ...gone]);
  }

  private async accept(client: Socket): Promise<void> {
    const upstream = connectTo({ host: '127.0.0.1', port: this.options.tunnelPort, noDelay: true });
    this.keep(client);
    this.keep(upstream);
    try {
      await this.relay(client, upstream);
    } catch (error) {
      // Ends of connections are everyday; a server that is not to be trusted is not.
      if (error instanceof Untrusted) this.options.refused(error.message);
      for (const socket of [client, upstream]) if (this.sockets.has(socket)) socket.destroy();
    }
  }

  /**
   * Until it is closed. What becomes of an error is said where the socket is waited for.
   *
   * @param instead - what it wraps, which from now on is the wrapper's to close
   */
  private keep(socket: Socket, instead?: Socket): void {
    if (instead !== undefined) this.sockets.delete(instead);
    this.sockets.add(socket.setMaxListeners(20));
    socket.on('error', () => undefined).once('close', () => this.sockets.delete(socket));
  }

  private async relay(client: Socket, upstream: Socket): Promise<void> {
    const late = setTimeout(() => {
      client.destroy();
      upstream.destroy();
    }, HANDSHAKE_MS);
    let far: TLSSocket;
    try {
      const greeting = await readPacket(upstream);
      if (isError(greeting)) {
        await ended(client, greeting);
        return;
      }
      if (!offersTls(greeting)) throw new Untrusted(`${this.options.serverName} offers no TLS.`);
      client.write(greeting);
      const request = await readPacket(client);
      if (!asksForTls(request)) {
        await ended(client, tlsDemanded((request[3] ?? 0) + 1));
        return;
      }
      upstream.write(request);
      far = await this.verified(upstream);
    } finally {
      clearTimeout(late);
    }
    const near = new TLSSocket(client, { isServer: true, secureContext: this.context });
    this.keep(near, client);
    try {
      await Promise.all([pipeline(near, far), pipeline(far, near)]);
    } finally {
      near.destroy();
      far.destroy();
    }
  }

  /** The server's end in TLS: its chain leads to the roots, and it holds the server's name. */
  private verified(socket: Socket): Promise<TLSSocket> {
    const { serverName, roots } = this.options;
    return new Promise((resolve, reject) => {
      const far = connectTls({
        socket,
        host: serverName,
        // A server name indication is a name, never an address (RFC 6066).
        ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
        ca: roots,
        minVersion: 'TLSv1.2',
      });
      this.keep(far, socket);
      far.once('secureConnect', () => {
        resolve(far);
      });
      far.on('error', (error: Error) => {
        reject(new Untrusted(`The certificate of ${serverName} is not to be trusted: ${error.message}.`));
      });
      far.once('close', () => {
        reject(new Error('the server has gone in the middle of the handshake'));
      });
    });
  }
}

/** Sends a last packet and waits until it is out. */
async function ended(socket: Socket, packet: Buffer): Promise<void> {
  socket.end(packet);
  if (!socket.writableFinished) await once(socket, 'finish');
}

class Untrusted extends Error {
  override readonly name = 'Untrusted';
}
