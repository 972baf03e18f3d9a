import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A line between a client and the lab that can be cut. */
export interface Line {
  readonly port: number;
  readonly isCut: boolean;
  /** Ends every connection and takes no other. */
  cut(): void;
  /** Keeps every connection and lets nothing through. */
  fallSilent(): void;
  /** New connections go through again. Those of before stay as they are. */
  mend(): void;
  close(): Promise<void>;
}

export async function startLine(toPort: number): Promise<Line> {
  const sockets = new Set<Socket>();
  let state: 'whole' | 'cut' | 'silent' = 'whole';
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (chunk) => {
      if (state !== 'silent' && !to.write(chunk)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      if (state !== 'silent') to.destroy();
    });
  };
  const server = createServer((near) => {
    if (state === 'cut') {
      near.resetAndDestroy();
      return;
    }
    const far = connect(toPort, '127.0.0.1');
    pass(near, far);
    pass(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get isCut() {
      return state !== 'whole';
    },
    cut: () => {
      state = 'cut';
      drop();
    },
    fallSilent: () => {
      state = 'silent';
    },
    mend: () => {
      if (state === 'silent') drop();
      state = 'whole';
    },
    close: async () => {
      drop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
