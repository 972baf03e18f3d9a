import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { SessionError } from './errors';

/** Where to listen for local connections. */
export interface ListenOn {
  /** Default 127.0.0.1: nobody but this machine. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

/** A local port that is being forwarded. */
export interface Forward {
  readonly host: string;
  readonly port: number;
  /** Connections that are open now. */
  readonly connections: number;
  /** Stops listening and drops what is still connected; the session stays. */
  close(): Promise<void>;
}

/** @throws SessionError `local-port`, when the port cannot be had */
export async function listen(on: ListenOn, accept: (socket: Socket) => void): Promise<Server> {
  const host = on.host ?? '127.0.0.1';
  const port = on.port ?? 0;
  // The other direction may still be busy when one has ended.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new SessionError('local-port', refusal(host, port, error), { cause: error }));
    });
    server.listen({ host, port, exclusive: true }, resolve);
  });
  return server;
}

/** The port a server got. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function refusal(host: string, port: number, error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE')
    return `Port ${port} on ${host} is in use. Choose another one, or 0 for any that is free.`;
  if (error.code === 'EACCES')
    return `Port ${port} on ${host} may not be used by this user. Choose one above 1023, or 0 for any that is free.`;
  return `Port ${port} on ${host} cannot be listened on: ${error.message}.`;
}
