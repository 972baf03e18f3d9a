import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { openSession, signStream, type OpenOptions } from '../../../cli/session/index';
import { MESSAGE_TYPE, encodeMessage, newMessageId } from '../../../cli/session/wire/message';
import { clientSession, labSession, later, serve, ticketFor } from './support';

/** A service that says whatever it likes to each connection. */
async function peer(speak: (socket: WebSocket) => void): Promise<OpenOptions> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  server.on('connection', speak);
  later(async () => {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return {
    sessionId: 's-1',
    streamUrl: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/data-channel/s-1`,
    token: 'token',
    resume: () => Promise.resolve(undefined),
    openMs: 2_000,
  };
}

const stream = (sequence: number, payloadType: number, payload: Buffer): Buffer =>
  encodeMessage({ type: MESSAGE_TYPE.output, sequence, flags: 0, id: newMessageId(), payloadType, payload });

describe('a peer that does not keep to the protocol', () => {
  it('is left when a message is far larger than any', async () => {
    const options = await peer((socket) => {
      socket.send(stream(0, 5, Buffer.alloc(2 * 1_024 * 1_024)));
    });
    await expect(openSession(options)).rejects.toMatchObject({
      code: 'not-resumable',
      message: expect.stringContaining('Max payload size exceeded') as string,
    });
  });

  it('is left with a clear error when its handshake cannot be read', async () => {
    const options = await peer((socket) => {
      socket.send(stream(0, 5, Buffer.from('no JSON')));
    });
    await expect(openSession(options)).rejects.toMatchObject({
      code: 'protocol',
      message: expect.stringContaining("The agent's handshake cannot be read") as string,
    });
  });

  it('is refused when it asks for something unknown, and is told so', async () => {
    const heard: string[] = [];
    const options = await peer((socket) => {
      socket.on('message', (bytes: Buffer) => {
        heard.push(bytes.toString('latin1'));
        if (heard.at(-1)?.includes('Telepathy') === true) socket.terminate();
      });
      const action = { ActionType: 'Telepathy', ActionParameters: {} };
      socket.send(stream(0, 5, Buffer.from(JSON.stringify({ RequestedClientActions: [action] }))));
    });
    await expect(openSession(options)).rejects.toMatchObject({
      code: expect.stringMatching(/unsupported|not-resumable/) as string,
    });
    expect(heard.some((text) => text.includes('Telepathy'))).toBe(true);
  });

  it('never brings down the client, whatever it says in whatever order', async () => {
    const ends = Array.from({ length: 40 }, async () => {
      const options = await peer((socket) => {
        for (let sequence = 0; sequence < 60; sequence += 1) {
          const payload =
            randomInt(2) === 0 ? randomBytes(randomInt(60)) : Buffer.from('{"SessionType":"Port"}');
          socket.send(
            randomInt(8) === 0 ? randomBytes(randomInt(200)) : stream(sequence, randomInt(14), payload),
          );
          if (randomInt(4) === 0) sequence -= 1;
        }
        socket.close();
      });
      try {
        const session = await openSession(options);
        return (await session.terminate()).by;
      } catch (error) {
        return (error as Error).name;
      }
    });
    for (const end of await Promise.all(ends))
      expect(['SessionError', 'failure', 'us', 'service']).toContain(end);
  });
});

describe('an agent that comes late', () => {
  it('is waited for', async () => {
    const port = await serve((socket) => socket.resume());
    const lab = await labSession({ properties: { portNumber: String(port) }, agentLateMs: 1_000 });
    expect((await clientSession(lab)).sessionType).toBe('Port');
  });

  it('is not waited for beyond what was agreed', async () => {
    const lab = await labSession({ properties: { portNumber: '1' }, agentLateMs: 60_000 });
    await expect(openSession(ticketFor(lab, { openMs: 500 }))).rejects.toMatchObject({
      code: 'no-handshake',
      message: 'The agent on the box did not begin the session within 0.5 seconds.',
    });
  });
});

describe('a service that wants signed requests', () => {
  const keys = (): Promise<{ accessKeyId: string; secretAccessKey: string }> =>
    Promise.resolve({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'x' });

  it('is content with ours, also when the connection is resumed', async () => {
    const port = await serve((socket) => socket.resume());
    const lab = await labSession({ properties: { portNumber: String(port) }, requiresSignature: true });
    const resumed = jest.fn();
    await clientSession(lab, {
      headers: signStream('eu-west-1', keys),
      event: ({ type }) => {
        resumed(type);
      },
    });
    lab.cut();
    while (!resumed.mock.calls.flat().includes('resumed'))
      await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('refuses others', async () => {
    const lab = await labSession({ properties: { portNumber: '1' }, requiresSignature: true });
    await expect(openSession(ticketFor(lab))).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('403') as string,
    });
  });
});
