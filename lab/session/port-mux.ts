import type { Socket } from 'node:net';
import { Mux } from '../../cli/session/smux/mux';
import { SmuxError } from '../../cli/session/smux/frames';
import type { MuxStream } from '../../cli/session/smux/stream';
import { FLAG, PAYLOAD_TYPE } from '../../cli/session/wire/message';
import type { Destination } from './destination';
import type { Channel, SessionPart } from './part';

/**
 * Port forwarding with many connections: one dialled connection per stream that the client opens.
 * Source: amazon-ssm-agent, agent/session/plugins/port/port_mux.go.
 */
export class MuxPort implements SessionPart {
  private readonly mux: Mux;
  private readonly sockets = new Set<Socket>();

  constructor(
    private readonly channel: Channel,
    private readonly destination: Destination,
    options: { readonly keepAlive: boolean },
  ) {
    this.mux = new Mux(
      {
        write: (bytes) => channel.send(PAYLOAD_TYPE.output, bytes),
        listen: (listening) => {
          channel.listen(listening);
        },
        accept: (stream) => {
          this.accept(stream);
        },
      },
      options,
    );
  }

  input(payloadType: number, payload: Buffer): boolean {
    if (payloadType === PAYLOAD_TYPE.output) this.read(payload);
    return true;
  }

  drained(): void {
    this.mux.drained();
  }

  stop(): void {
    this.mux.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private read(payload: Buffer): void {
    try {
      this.mux.receive(payload);
    } catch (error) {
      if (!(error instanceof SmuxError)) throw error;
      this.channel.log(`smux: ${error.message}`);
      this.channel.done();
    }
  }

  private accept(stream: MuxStream): void {
    const socket = this.destination.connect();
    this.sockets.add(socket);
    let connected = false;
    socket.once('connect', () => (connected = true));
    socket.on('error', (error) => {
      if (!connected) this.refuse(error);
      stream.destroy();
    });
    socket.on('close', () => {
      this.sockets.delete(socket);
    });
    socket.pipe(stream);
    stream.pipe(socket, { end: false });
    // Either end's end ends both, as handleDataTransfer does: smux has no half-closed streams.
    stream.on('end', () => {
      stream.end();
      socket.end(() => {
        socket.destroy();
      });
    });
    stream.on('error', () => socket.destroy());
    stream.on('close', () => {
      if (!stream.readableEnded) socket.destroy();
    });
  }

  private refuse(error: Error): void {
    this.channel.log(`no connection to ${this.destination.name}: ${error.message}`);
    const flag = Buffer.alloc(4);
    flag.writeUInt32BE(FLAG.connectToPortFailed);
    this.channel.send(PAYLOAD_TYPE.flag, flag);
  }
}
