import { randomUUID } from 'node:crypto';
import type { Agent, IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import { FrameSocket, type FrameSocketHooks } from '../reliable/frame-socket';
import { CLIENT_VERSION } from '../wire/version';
import type { HeaderProvider } from './sign';

/** Milliseconds for TCP, TLS and the upgrade together. */
const CONNECT_MS = 10_000;
/** No message of the channel is near this; a larger frame ends the connection. */
const MAX_FRAME_BYTES = 1_024 * 1_024;

/** Where and as whom to connect. */
export interface ConnectTo {
  readonly streamUrl: string;
  readonly token: string;
  /** UUID of this client, the same for all connections of a session. */
  readonly clientId: string;
  /** HTTP(S) agent, for networks that need a proxy. */
  readonly agent?: Agent;
  /** Signs the request. */
  readonly headers?: HeaderProvider;
}

/**
 * Opens the WebSocket of a session and introduces this client with the token, in one text frame.
 * Fields: aws/session-manager-plugin, src/service/service.go (OpenDataChannelInput).
 *
 * @throws Error when no connection comes about
 */
export async function connect(to: ConnectTo, hooks: FrameSocketHooks): Promise<FrameSocket> {
  const headers = await to.headers?.(to.streamUrl);
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(to.streamUrl, {
      perMessageDeflate: false,
      handshakeTimeout: CONNECT_MS,
      maxPayload: MAX_FRAME_BYTES,
      ...(to.agent === undefined ? {} : { agent: to.agent }),
      ...(headers === undefined ? {} : { headers }),
    });
    let raw: IncomingMessage['socket'] | undefined;
    socket.once('upgrade', (response) => (raw = response.socket));
    socket.once('error', reject);
    socket.once('open', () => {
      if (raw === undefined) {
        reject(new Error('the WebSocket opened without an upgrade'));
        return;
      }
      socket.off('error', reject);
      const frames = new FrameSocket(socket, raw, hooks, 'client');
      socket.send(introduction(to));
      resolve(frames);
    });
  });
}

function introduction(to: ConnectTo): string {
  return JSON.stringify({
    MessageSchemaVersion: '1.0',
    RequestId: randomUUID(),
    TokenValue: to.token,
    ClientId: to.clientId,
    ClientVersion: CLIENT_VERSION,
  });
}
