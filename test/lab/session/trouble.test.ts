import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';
import { openSession } from '../../../cli/session/index';
import { Impairment } from '../../../lab/session/index';
import {
  clientSession,
  closed,
  dial,
  digest,
  labSession,
  pour,
  serve,
  text,
  ticketFor,
  tunnel,
  until,
  later,
} from './support';

const MIB = 1_024 * 1_024;

/** Answers with the hash of the first `bytes` bytes, and then sends a block of its own. */
async function hashingServer(bytes: number, answer: Buffer): Promise<number> {
  return serve((socket) => {
    const hash = createHash('sha256');
    let left = bytes;
    socket.on('data', (chunk) => {
      hash.update(chunk);
      if ((left -= chunk.length) === 0) socket.end(Buffer.concat([hash.digest(), answer]));
    });
  });
}

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

describe('a session in trouble', () => {
  it.each([
    ['drops', { drop: 0.03 }],
    ['duplicates', { duplicate: 0.2 }],
    ['reorders', { reorder: 0.2, holdFrames: 7 }],
    ['delays', { delayMs: 20 }],
    ['does all of that', { drop: 0.02, duplicate: 0.1, reorder: 0.1, delayMs: 3 }],
  ])('loses nothing and repeats nothing over a channel that %s', async (_what, rates) => {
    const up = randomBytes(256 * 1_024);
    const down = randomBytes(256 * 1_024);
    const port = await hashingServer(up.length, down);
    const { forward } = await tunnel(port, { impairment: new Impairment({ seed: 7, ...rates }) });
    const socket = dial(forward.port);
    socket.write(up);
    const expected = Buffer.concat([sha256(up), down]);
    expect(await digest(socket)).toEqual({
      sha256: sha256(expected).toString('hex'),
      bytes: expected.length,
    });
  });

  it('goes on without a lost byte when the connection is cut in the middle, again and again', async () => {
    const up = randomBytes(8 * MIB);
    const down = randomBytes(8 * MIB);
    let seen = 0;
    const port = await serve((socket) => {
      const hash = createHash('sha256');
      socket.on('data', (chunk) => {
        hash.update(chunk);
        seen += chunk.length;
        if (seen === up.length) socket.end(Buffer.concat([hash.digest(), down]));
      });
    });
    const notices: string[] = [];
    const { lab, forward } = await tunnel(port, {}, { notice: (line) => notices.push(line) });
    const socket = dial(forward.port);
    socket.write(up);
    const got = digest(socket);
    const again = (): number => notices.filter((line) => line === 'Connected again.').length;
    for (const [before, cutAt] of [1, 3, 5].entries()) {
      await until(() => seen > cutAt * MIB);
      lab.cut();
      await until(() => again() > before);
    }
    await until(() => socket.bytesRead > 2 * MIB);
    lab.cut();
    const expected = Buffer.concat([sha256(up), down]);
    expect(await got).toEqual({ sha256: sha256(expected).toString('hex'), bytes: expected.length });
    expect(again()).toBe(4);
  });

  it('keeps trying while the new token cannot be asked for', async () => {
    const port = await serve((socket) => socket.pipe(socket));
    let refusals = 3;
    const lab = await labSession({ properties: { host: '127.0.0.1', portNumber: String(port) } });
    const ticket = ticketFor(lab);
    const session = await clientSession(lab, {
      resume: () => (refusals-- > 0 ? Promise.reject(new Error('no route')) : ticket.resume()),
    });
    const echoed = new Promise<string>((done) => {
      session.consume({
        payload: (_type, bytes) => {
          done(bytes.toString());
        },
        drained: () => undefined,
        ended: () => undefined,
      });
    });
    lab.cut();
    session.send(1, Buffer.from('still here'));
    expect(await echoed).toBe('still here');
    expect(refusals).toBe(-1);
  });

  it('ends when the connection is lost and no token is given for another', async () => {
    const port = await serve((socket) => socket.resume());
    const { lab, session, forward } = await tunnel(port, {}, { resume: () => Promise.resolve(undefined) });
    const socket = dial(forward.port).resume();
    socket.write('x');
    await until(() => forward.connections === 1);
    lab.cut();
    expect(await session.ended).toMatchObject({ by: 'failure', error: { code: 'not-resumable' } });
    expect(await closed(socket)).toBe('ECONNRESET');
    await expect(once(dial(forward.port), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('ends within seconds when the box is terminated, and says why', async () => {
    const port = await serve((socket) => socket.resume());
    const { lab, session, forward } = await tunnel(port);
    const socket = dial(forward.port).resume();
    const ended = once(socket, 'end');
    socket.write('x');
    await until(() => forward.connections === 1);
    await lab.close('The instance was terminated.');
    expect(await session.ended).toMatchObject({
      by: 'service',
      message: 'The session was closed: The instance was terminated.',
    });
    await ended;
  });

  it('ends with an error when the box falls silent, even when nothing is being sent', async () => {
    const port = await serve((socket) => socket.write('x'));
    const paused: boolean[] = [];
    const options = { pausedMs: 1_000, paused: (is: boolean) => paused.push(is) };
    const { lab, session, forward } = await tunnel(port, {}, options);
    const socket = dial(forward.port);
    await once(socket, 'data');
    lab.vanish();
    expect(await session.ended).toMatchObject({ by: 'failure', error: { code: 'no-answer' } });
    expect(paused).toEqual([true]);
    expect(await closed(socket)).toBe('ECONNRESET');
  });

  it('notices a dead line by its pings, and gets another', async () => {
    const port = await serve((socket) => socket.pipe(socket));
    const lab = await labSession({ properties: { host: '127.0.0.1', portNumber: String(port) } });
    const notices: string[] = [];
    const session = await clientSession(lab, {
      pingMs: 50,
      pongMs: 100,
      notice: (line) => notices.push(line),
    });
    // The peer's WebSocket stops reading, so that no pong comes any more; the connection below stays open.
    const pause = jest.spyOn(WebSocket.prototype, 'pong').mockImplementation(() => undefined);
    later(() => {
      pause.mockRestore();
      return Promise.resolve();
    });
    await until(() => notices.some((line) => line.includes('nothing heard')));
    pause.mockRestore();
    await until(() => notices.includes('Connected again.'));
    expect(session.waitingMs).toBe(0);
  });

  it('keeps memory bounded when nobody reads, and loses nothing', async () => {
    const block = randomBytes(MIB);
    let poured = 0;
    const port = await serve((socket) => {
      socket.on('drain', () => (poured = socket.bytesWritten));
      void pour(socket, block, 32).then(() => socket.end());
    });
    const { forward } = await tunnel(port);
    const socket = dial(forward.port);
    socket.pause();
    // Until everything between the two programs is full: nothing more is taken for a while.
    for (let before = -1; before !== poured || poured === 0;) {
      before = poured;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    // 4 MiB at each end, and what the system keeps in its sockets.
    expect(poured).toBeLessThan(24 * MIB);
    const sent = createHash('sha256');
    for (let count = 0; count < 32; count += 1) sent.update(block);
    socket.resume();
    expect(await digest(socket)).toEqual({ sha256: sent.digest('hex'), bytes: 32 * MIB });
  });

  it('refuses a token that is wrong or was used, and the client says so', async () => {
    const port = await serve((socket) => socket.resume());
    const lab = await labSession({ properties: { portNumber: String(port) } });
    const wrong = ticketFor(lab, { token: 'another', resume: () => Promise.resolve(undefined) });
    await expect(openSession(wrong)).rejects.toMatchObject({
      code: 'not-resumable',
      message: expect.stringContaining('the token is not valid') as string,
    });
    await clientSession(lab);
    await expect(
      openSession(ticketFor(lab, { resume: () => Promise.resolve(undefined) })),
    ).rejects.toMatchObject({
      code: 'not-resumable',
    });
  });

  it('says when nothing answers at the stream URL', async () => {
    const lab = await labSession({ properties: { portNumber: '1' } });
    const ticket = ticketFor(lab);
    await lab.close();
    await expect(openSession(ticket)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/^No connection to ws:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/) as string,
    });
  });

  it('survives a client that speaks nonsense', async () => {
    const port = await serve((socket) => socket.end('fine'));
    const log: string[] = [];
    const lab = await labSession({
      properties: { host: '127.0.0.1', portNumber: String(port) },
      log: (line) => log.push(line),
    });
    const socket = new WebSocket(lab.streamUrl);
    await once(socket, 'open');
    socket.send('{"TokenValue":"token-1"}');
    for (let length = 0; length < 300; length += 7) socket.send(randomBytes(length));
    await until(() => log.filter((line) => line.includes('ignored a message')).length === 43);
    socket.terminate();
    await lab.close();
    expect(await lab.ended).toBe('');
  });

  it('does not end a local connection before its last byte when the service closes the session', async () => {
    const port = await serve((socket) => socket.write('the last words'));
    const { lab, forward } = await tunnel(port);
    const socket = dial(forward.port);
    const said = text(socket);
    await until(() => socket.bytesRead === 14);
    await lab.close();
    expect(await said).toBe('the last words');
  });
});
