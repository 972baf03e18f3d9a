import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { splice } from '../endpoint/splice';

/** Which way leads where. */
export interface DoorOptions {
  /** The lab's own address. */
  readonly endpoint: string;
  /** Address to listen on, on the side of the network that comes in here. */
  readonly address: string;
  /** Signing names of the services that may be reached, such as `lambda`. */
  readonly services: readonly string[];
}

/** A network's way to some of AWS's services. */
export interface Door {
  /** `http://<address>:<port>`, for `AWS_ENDPOINT_URL`. */
  readonly url: string;
  stop(): Promise<void>;
}

const serviceOf = ({ headers }: IncomingMessage): string =>
  /Credential=[^/]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(headers.authorization ?? '')?.[1] ?? '';

/**
 * Stands for a network whose way out leads to some services and to nothing else, as a firewall or a list of allowed names does.
 * What asks for another service loses its connection and gets no answer. Data channels of sessions pass.
 */
export async function openDoor({ endpoint, address, services }: DoorOptions): Promise<Door> {
  const { hostname, port } = new URL(endpoint);
  const lab = { hostname, port };
  const server = createServer(
    { requestTimeout: 0 },
    (incoming: IncomingMessage, outgoing: ServerResponse) => {
      if (!services.includes(serviceOf(incoming))) {
        incoming.socket.destroy();
        return;
      }
      const { method, url: path, headers } = incoming;
      const passed = request({ ...lab, method, path, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      passed.once('error', () => outgoing.destroy());
      incoming.pipe(passed);
    },
  );
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    splice(incoming, socket, head, endpoint);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, address, resolve);
  });
  const url = `http://${address}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}
