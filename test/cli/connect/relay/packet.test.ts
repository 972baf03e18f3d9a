import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import {
  asksForTls,
  isError,
  offersTls,
  readPacket,
  tlsDemanded,
} from '../../../../cli/connect/relay/packet';

const packet = (payload: Buffer, number = 0): Buffer =>
  Buffer.concat([Buffer.from([payload.length & 0xff, payload.length >> 8, 0, number]), payload]);
const greeting = (capabilities: number): Buffer =>
  packet(
    Buffer.concat([
      Buffer.from('\n11.4.2-MariaDB\0'),
      Buffer.alloc(13, 1),
      Buffer.from([capabilities & 0xff, capabilities >> 8]),
    ]),
  );

/** Reads what somebody sends in pieces, and what is left afterwards. */
async function read(...pieces: readonly Buffer[]): Promise<{ packet: Buffer; rest: string }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    void (async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  try {
    await once(client, 'connect');
    const found = await readPacket(client);
    const rest: Buffer[] = [];
    for await (const chunk of client) rest.push(chunk as Buffer);
    return { packet: found, rest: Buffer.concat(rest).toString() };
  } finally {
    client.destroy();
    server.close();
  }
}

test('one packet is read, and what follows is left for TLS', async () => {
  const hello = greeting(0x0800);
  expect(await read(Buffer.concat([hello, Buffer.from('TLS…')]))).toEqual({ packet: hello, rest: 'TLS…' });
  expect(await read(hello.subarray(0, 2), hello.subarray(2, 9), hello.subarray(9))).toEqual({
    packet: hello,
    rest: '',
  });
});

test.each([
  ['nothing at all', Buffer.alloc(0), 'ended before the greeting'],
  ['half a header', Buffer.from([5, 0]), 'ended'],
  ['half a packet', Buffer.from([5, 0, 0, 0, 1, 2]), 'ended'],
  ['an empty packet', Buffer.from([0, 0, 0, 0, 9]), 'no greeting'],
  ['16 megabytes', Buffer.from([0xff, 0xff, 0xff, 0, 1]), 'no greeting'],
  ['a web server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'no greeting'],
])('%s is refused', async (_what, bytes, says) => {
  await expect(read(bytes)).rejects.toThrow(says);
});

test('greetings with and without TLS, cut ones and errors are told apart', () => {
  expect(offersTls(greeting(0xffff))).toBe(true);
  expect(offersTls(greeting(0xf7ff))).toBe(false);
  expect(offersTls(packet(Buffer.from('\n8.4.0\0')))).toBe(false);
  expect(offersTls(packet(Buffer.from('\nno end')))).toBe(false);
  expect(isError(packet(Buffer.from([0xff, 0x10, 0x04])))).toBe(true);
  expect(isError(greeting(0))).toBe(false);
});

test('a request for TLS holds no name yet; everything else is answered by an error of the protocol', () => {
  const request = Buffer.alloc(32);
  request.writeUInt32LE(0x0800);
  expect(asksForTls(packet(request, 1))).toBe(true);
  expect(asksForTls(packet(Buffer.alloc(32), 1))).toBe(false);
  expect(asksForTls(packet(Buffer.concat([request, Buffer.from('eva\0')]), 1))).toBe(false);
  const answer = tlsDemanded(2);
  expect(answer.readUIntLE(0, 3)).toBe(answer.length - 4);
  expect(answer[3]).toBe(2);
  expect(isError(answer)).toBe(true);
  expect(answer.readUInt16LE(5)).toBe(3159);
});
