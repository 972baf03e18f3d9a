import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Hands a connection that asks for another protocol on to another server, request and all; when one side ends, so does the
 * other.
 *
 * @param to - address of that server, as in `http://127.0.0.1:8080`
 */
export function splice(request: IncomingMessage, socket: Duplex, head: Buffer, to: string): void {
  const { hostname, port } = new URL(to);
  const { method = 'GET', url = '/', rawHeaders } = request;
  const there = connect(Number(port), hostname);
  const end = (): void => {
    socket.destroy();
    there.destroy();
  };
  for (const one of [socket, there]) one.once('error', end).once('close', end);
  const headers = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1] ?? ''}`] : [],
  );
  there.write([`${method} ${url} HTTP/1.1`, ...headers, '', ''].join('\r\n'));
  there.write(head);
  there.pipe(socket);
  socket.pipe(there);
}
