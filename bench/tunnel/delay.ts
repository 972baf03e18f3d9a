import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy in user space whose line is as long as asked for, and as wide as this machine can. */
export interface DelayingProxy {
  readonly port: number;
  close(): void;
}

/** Passes everything on, each way `oneWayMs` milliseconds later. */
export async function startDelay(toPort: number, oneWayMs: number): Promise<DelayingProxy> {
  const sockets = new Set<Socket>();
  const pass = (from: Socket, to: Socket): void => {
    const later = (act: () => void): void => void setTimeout(act, oneWayMs);
    from.on('data', (chunk) => {
      later(() => to.write(chunk));
    });
    from.on('end', () => {
      later(() => to.end());
    });
    from.on('error', () => to.destroy());
    sockets.add(from);
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port: toPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
