import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type Door, openDoor } from '../../../lab/network/door';
import { addressOf, close } from '../../support/address';

let lab: Server;
let door: Door;
let seen: string[];

beforeEach(async () => {
  seen = [];
  lab = createServer((incoming, outgoing) => {
    let body = '';
    incoming.on('data', (piece: Buffer) => (body += piece.toString()));
    incoming.on('end', () => {
      seen.push(`${incoming.method ?? ''} ${incoming.url ?? ''} ${incoming.headers.host ?? ''} ${body}`);
      outgoing.writeHead(418, { 'x-of': 'lab' }).end('answer');
    });
  });
  lab.on('upgrade', (incoming, socket) => {
    seen.push(`upgrade ${incoming.url ?? ''}`);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
    socket.pipe(socket);
  });
  door = await openDoor({ endpoint: await addressOf(lab), address: '127.0.0.1', services: ['lambda'] });
});
afterEach(async () => {
  await door.stop();
  await close(lab);
});

function call(
  service: string | undefined,
): Promise<{ status: number | undefined; body: string; of: unknown }> {
  const signature = `AWS4-HMAC-SHA256 Credential=AKIA/20261122/eu-west-1/${service ?? ''}/aws4_request, Signature=0`;
  const headers = service === undefined ? {} : { authorization: signature };
  return new Promise((resolve, reject) => {
    const asked = request(`${door.url}/a?b=c`, { method: 'POST', headers, agent: false });
    asked.once('error', reject).once('response', (answer: IncomingMessage) => {
      let body = '';
      answer.on('data', (piece: Buffer) => (body += piece.toString()));
      answer.on('end', () => {
        resolve({ status: answer.statusCode, body, of: answer.headers['x-of'] });
      });
    });
    asked.end('input');
  });
}

test('a service that may be reached is, with the name by which the caller called', async () => {
  expect(await call('lambda')).toEqual({ status: 418, body: 'answer', of: 'lab' });
  expect(seen).toEqual([`POST /a?b=c ${new URL(door.url).host} input`]);
});

test.each([['s3'], ['rds'], ['lambda2'], [undefined]])(
  '%s gets no answer, and the lab hears nothing',
  async (service) => {
    await expect(call(service)).rejects.toMatchObject({
      code: expect.stringMatching(/ECONNRESET|EPIPE/) as unknown,
    });
    expect(seen).toEqual([]);
  },
);

test('data channels pass, and end with the door', async () => {
  const { hostname, port } = new URL(door.url);
  const socket = connect(Number(port), hostname);
  socket.write('GET /v1/data-channel/s-1 HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toContain('101 Switching Protocols');
  socket.write('there and back');
  const [echo] = (await once(socket, 'data')) as [Buffer];
  expect(echo.toString()).toBe('there and back');
  expect(seen).toEqual(['upgrade /v1/data-channel/s-1']);
  const closed = once(socket, 'close');
  await door.stop();
  await closed;
});
