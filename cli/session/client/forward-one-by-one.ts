import type { Socket } from 'node:net';
import { FLAG, PAYLOAD_TYPE } from '../wire/message';
import { listen, portOf, type Forward, type ListenOn } from './listener';
import type { Session } from './session';

/**
 * Forwards a local port through an agent that carries one connection at a time. Others wait for their turn.
 *
 * After a connection, the agent is told to disconnect, and connects again at the next byte it gets
 * (amazon-ssm-agent, port_basic.go). What it sends before that byte belongs to the connection before, and is dropped.
 */
export async function forwardOneByOne(session: Session, on: ListenOn): Promise<Forward> {
  const forward = new OneByOne(session);
  const server = await listen(on, (socket) => {
    forward.accept(socket);
  });
  const stop = (): Promise<void> =>
    new Promise((resolve) =>
      server.close(() => {
        resolve();
      }),
    );
  session.consume({
    payload: (type, payload) => {
      if (type === PAYLOAD_TYPE.output) forward.receive(payload);
    },
    drained: () => {
      forward.drained();
    },
    ended: (end) => {
      void stop();
      forward.end(end.by === 'failure');
    },
  });
  return {
    host: on.host ?? '127.0.0.1',
    port: portOf(server),
    get connections() {
      return forward.connections;
    },
    close: async () => {
      const stopped = stop();
      forward.end(true);
      await stopped;
    },
  };
}

class OneByOne {
  private current: Socket | undefined;
  private readonly waiting: Socket[] = [];
  private stale = false;
  private early: Buffer[] = [];

  constructor(private readonly session: Session) {}

  get connections(): number {
    return this.waiting.length + (this.current === undefined ? 0 : 1);
  }

  accept(socket: Socket): void {
    socket.pause();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.closed(socket);
    });
    if (this.current === undefined) this.serve(socket);
    else this.waiting.push(socket);
  }

  receive(payload: Buffer): void {
    if (this.stale) return;
    const { current } = this;
    if (current === undefined) {
      // Servers that speak first do so before anybody has connected here.
      this.early.push(payload);
      this.session.listen(false);
    } else if (!current.write(payload)) {
      this.session.listen(false);
    }
  }

  drained(): void {
    this.current?.resume();
  }

  end(now: boolean): void {
    for (const socket of this.waiting.splice(0)) socket.resetAndDestroy();
    if (now) this.current?.resetAndDestroy();
    else this.current?.end(() => this.current?.destroy());
  }

  private serve(socket: Socket): void {
    this.current = socket;
    socket.on('data', (bytes) => {
      this.stale = false;
      if (!this.session.send(PAYLOAD_TYPE.output, bytes)) socket.pause();
    });
    socket.on('drain', () => {
      this.session.listen(true);
    });
    socket.on('end', () => socket.end());
    for (const payload of this.early.splice(0)) socket.write(payload);
    this.session.listen(true);
    socket.resume();
  }

  private closed(socket: Socket): void {
    if (socket !== this.current) {
      const at = this.waiting.indexOf(socket);
      if (at >= 0) this.waiting.splice(at, 1);
      return;
    }
    this.stale = true;
    this.session.listen(true);
    this.session.sendFlag(FLAG.disconnectPort);
    void this.next();
  }

  /** The agent's acknowledgement of the flag shows that it has disconnected. */
  private async next(): Promise<void> {
    await Promise.race([this.session.flushed(), this.session.ended]);
    this.current = undefined;
    const socket = this.waiting.shift();
    if (socket !== undefined) this.serve(socket);
  }
}
