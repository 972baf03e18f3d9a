import type { Socket } from 'node:net';
import { FLAG, PAYLOAD_TYPE } from '../wire/message';
import { textOf } from '../wire/json';
import {
  LAST_AGENT_WITHOUT_MULTIPLEXING,
  LAST_AGENT_WITH_KEEP_ALIVE,
  compareVersions,
} from '../wire/version';
import { SmuxError } from '../smux/frames';
import { Mux } from '../smux/mux';
import { SessionError } from './errors';
import { forwardOneByOne } from './forward-one-by-one';
import { join, type Joined } from './join';
import { listen, portOf, type Forward, type ListenOn } from './listener';
import type { SessionEnd } from './options';
import type { Session } from './session';

/** What a forward reports besides. */
export interface ForwardHooks {
  /** The box could not connect to where the document says; one sentence. The local connection is reset. */
  refused?(message: string): void;
  /**
   * A local connection was reset because its program does not read, and so held up all the others; one sentence. A connection
   * that is alone waits for as long as it likes.
   */
  stuck?(message: string): void;
}

/**
 * Forwards a local port to where the session's document says, with any number of connections at once. Agents up to
 * 3.0.196.0 can carry one at a time; connections then wait for each other.
 *
 * @throws SessionError when the port cannot be listened on, or the session is not for this
 */
export async function forwardPort(
  session: Session,
  on: ListenOn = {},
  hooks: ForwardHooks = {},
): Promise<Forward> {
  if (session.sessionType !== 'Port' || textOf(session.properties.type) !== 'LocalPortForwarding')
    throw new SessionError(
      'unsupported',
      `A local port can be forwarded in a session of type Port with "type": "LocalPortForwarding"; this one is ${describe(session)}.`,
    );
  if (compareVersions(session.agentVersion, LAST_AGENT_WITHOUT_MULTIPLEXING) <= 0)
    return forwardOneByOne(session, on);
  return new MuxForward(session, hooks).start(on);
}

function describe(session: Session): string {
  const type = textOf(session.properties.type);
  return type === '' ? session.sessionType : `${session.sessionType} with "type": "${type}"`;
}

class MuxForward {
  private readonly mux: Mux;
  private readonly open = new Set<Joined>();
  private refusals = 0;

  constructor(
    private readonly session: Session,
    private readonly hooks: ForwardHooks,
  ) {
    this.mux = new Mux(
      {
        write: (bytes) => session.send(PAYLOAD_TYPE.output, bytes),
        listen: (listening) => {
          session.listen(listening);
        },
        silent: () => {
          session.fail('no-answer', 'The box has sent no sign of life for 30 seconds.');
        },
        stuck: () => {
          hooks.stuck?.(
            'A local program has read nothing for five seconds, while megabytes waited for it and others for theirs. Its connection was reset.',
          );
        },
      },
      {
        keepAlive: compareVersions(session.agentVersion, LAST_AGENT_WITH_KEEP_ALIVE) <= 0,
        givesUpStuck: true,
      },
    );
  }

  async start(on: ListenOn): Promise<Forward> {
    const server = await listen(on, (socket) => {
      this.accept(socket);
    });
    const stop = (): Promise<void> =>
      new Promise((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
    this.session.consume({
      payload: (type, payload) => {
        this.take(type, payload);
      },
      drained: () => {
        this.mux.drained();
      },
      ended: (end) => {
        void stop();
        this.sessionEnded(end);
      },
    });
    const { open } = this;
    return {
      host: on.host ?? '127.0.0.1',
      port: portOf(server),
      get connections() {
        return open.size;
      },
      close: async () => {
        const stopped = stop();
        for (const joined of open) joined.reset();
        await stopped;
      },
    };
  }

  private accept(socket: Socket): void {
    const stream = this.mux.open();
    const refusalsBefore = this.refusals;
    const joined = join(socket, stream, {
      isRefused: () => stream.receivedBytes === 0 && this.refusals > refusalsBefore,
      over: () => this.open.delete(joined),
    });
    this.open.add(joined);
  }

  private take(payloadType: number, payload: Buffer): void {
    if (payloadType === PAYLOAD_TYPE.output) this.read(payload);
    else if (payloadType === PAYLOAD_TYPE.flag && payload.length === 4) this.flag(payload.readUInt32BE(0));
  }

  private read(payload: Buffer): void {
    try {
      this.mux.receive(payload);
    } catch (error) {
      if (!(error instanceof SmuxError)) throw error;
      this.session.fail('protocol', `What came from the box cannot be read: ${error.message}.`);
    }
  }

  private flag(flag: number): void {
    if (flag !== FLAG.connectToPortFailed) return;
    this.refusals += 1;
    const host = textOf(this.session.properties.host) || 'localhost';
    const port = textOf(this.session.properties.portNumber);
    this.hooks.refused?.(
      `The box could not connect to ${host}:${port}. Nothing listens there, or a security group does not let the box in.`,
    );
  }

  private sessionEnded(end: SessionEnd): void {
    if (end.by !== 'failure') {
      this.mux.finish();
      return;
    }
    for (const joined of this.open) joined.reset();
    this.mux.close();
  }
}
