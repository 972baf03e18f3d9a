import type { Socket } from 'node:net';
import { FLAG, PAYLOAD_TYPE } from '../../cli/session/wire/message';
import type { Destination } from './destination';
import type { Channel, SessionPart } from './part';

/**
 * One connection to the port: for plain bytes (SSH), and for port forwarding by old agents or clients, where the next
 * bytes after a disconnection connect anew. Source: amazon-ssm-agent, agent/session/plugins/port/port_basic.go.
 */
export class SinglePort implements SessionPart {
  private socket: Socket | undefined;
  private connected = false;
  private stopped = false;

  constructor(
    private readonly channel: Channel,
    private readonly destination: Destination,
    /** Whether the session outlives a connection. */
    private readonly reconnects: boolean,
  ) {
    this.connect();
  }

  input(payloadType: number, payload: Buffer): boolean {
    if (payloadType === PAYLOAD_TYPE.output) return this.write(payload);
    if (payloadType === PAYLOAD_TYPE.flag && payload.readUInt32BE(0) === FLAG.disconnectPort)
      this.socket?.destroy();
    return true;
  }

  drained(): void {
    this.socket?.resume();
  }

  stop(): void {
    this.stopped = true;
    this.socket?.destroy();
  }

  private write(payload: Buffer): boolean {
    if (this.stopped) return true;
    // The first connection is made before anything is taken; later ones by the bytes that want them.
    if (this.socket === undefined) this.connect().write(payload);
    else if (!this.connected) return false;
    else if (!this.socket.write(payload)) this.channel.listen(false);
    return true;
  }

  private connect(): Socket {
    const socket = this.destination.connect();
    this.socket = socket;
    let failure: Error | undefined;
    socket.once('connect', () => (this.connected = true));
    socket.on('data', (bytes) => {
      if (!this.channel.send(PAYLOAD_TYPE.output, bytes)) socket.pause();
    });
    socket.on('drain', () => {
      this.channel.listen(true);
    });
    socket.on('error', (error) => (failure = error));
    socket.on('close', () => {
      this.closed(failure);
    });
    return socket;
  }

  private closed(failure: Error | undefined): void {
    const wasConnected = this.connected;
    this.connected = false;
    this.socket = undefined;
    this.channel.listen(true);
    if (this.stopped) return;
    if (wasConnected && this.reconnects) return;
    this.stopped = true;
    if (!wasConnected)
      this.channel.done(`Unable to connect to specified port: ${failure?.message ?? this.destination.name}`);
    else this.channel.done();
  }
}
