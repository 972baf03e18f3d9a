import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { forwardPort } from '../../../cli/session/index';
import {
  FORWARDING,
  clientSession,
  closed,
  dial,
  digest,
  labSession,
  pour,
  serve,
  text,
  tunnel,
  unusedPort,
} from './support';

const MIB = 1_024 * 1_024;

describe('a forwarded port', () => {
  it('carries 100 MB up unchanged', async () => {
    const port = await serve((socket) => {
      const hash = createHash('sha256');
      let bytes = 0;
      socket.on('data', (chunk) => {
        hash.update(chunk);
        bytes += chunk.length;
        if (bytes === 100 * MIB) socket.end(hash.digest('hex'));
      });
    });
    const { forward } = await tunnel(port);
    const socket = dial(forward.port);
    const sent = await pour(socket, randomBytes(MIB), 100);
    expect(await text(socket)).toBe(sent);
  });

  it('carries 100 MB down unchanged', async () => {
    const block = randomBytes(MIB);
    const sent = createHash('sha256');
    for (let count = 0; count < 100; count += 1) sent.update(block);
    const port = await serve((socket) => void pour(socket, block, 100).then(() => socket.end()));
    const { forward } = await tunnel(port);
    expect(await digest(dial(forward.port))).toEqual({ sha256: sent.digest('hex'), bytes: 100 * MIB });
  });

  it('carries 50 connections at once without mixing them', async () => {
    const port = await serve((socket) => socket.pipe(socket));
    const { forward } = await tunnel(port);
    const sockets = Array.from({ length: 50 }, () => dial(forward.port));
    const echoes = sockets.map(async (socket, index) => {
      const block = Buffer.alloc(64 * 1_024, `connection ${index};`);
      const back = digestOf(socket, block.length * 2);
      await pour(socket, block, 2);
      expect(await back).toBe(createHash('sha256').update(block).update(block).digest('hex'));
      return socket;
    });
    await Promise.all(echoes);
    expect(forward.connections).toBe(50);
  });

  it('ends a connection when the far end does, after everything it has said', async () => {
    const port = await serve((socket) => socket.end('good bye'));
    const { forward } = await tunnel(port);
    const socket = dial(forward.port);
    expect(await text(socket)).toBe('good bye');
  });

  it('ends the far end when the local one goes away', async () => {
    const gone: Promise<unknown>[] = [];
    const port = await serve((socket) => {
      gone.push(once(socket, 'end'));
      socket.resume();
      socket.write('hello');
    });
    const { forward } = await tunnel(port);
    const socket = dial(forward.port);
    await once(socket, 'data');
    socket.resetAndDestroy();
    await Promise.all(gone);
    expect(gone).toHaveLength(1);
  });

  it('still brings the answer when the local end has said that it sends no more', async () => {
    const port = await serve((socket) => {
      socket.once('data', (request) => {
        setTimeout(() => socket.end(`answer to ${request.toString()}`), 50);
      });
    });
    const { forward } = await tunnel(port);
    const socket = dial(forward.port);
    socket.end('question');
    expect(await text(socket)).toBe('answer to question');
  });

  it('says when the local port is in use', async () => {
    const busy = await serve(() => undefined);
    const lab = await labSession({ properties: { portNumber: '1', type: FORWARDING } });
    const session = await clientSession(lab);
    await expect(forwardPort(session, { port: busy })).rejects.toMatchObject({
      code: 'local-port',
      message: `Port ${busy} on 127.0.0.1 is in use. Choose another one, or 0 for any that is free.`,
    });
  });

  it('says when the box cannot reach the port, resets that connection and goes on', async () => {
    const port = await unusedPort();
    const refused: string[] = [];
    const lab = await labSession({
      properties: { host: '127.0.0.1', portNumber: String(port), type: FORWARDING },
    });
    const session = await clientSession(lab);
    const forward = await forwardPort(session, {}, { refused: (message) => refused.push(message) });
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      expect(await closed(dial(forward.port).resume())).toBe('ECONNRESET');
      expect(refused).toHaveLength(attempt);
    }
    expect(refused[0]).toContain(`The box could not connect to 127.0.0.1:${port}.`);
    await forward.close();
  });

  it.each(['169.254.169.254', '169.254.170.2', 'fe80::1', 'fd00:ec2::254'])(
    'does not lead to %s',
    async (host) => {
      const lab = await labSession({ properties: { host, portNumber: '80', type: FORWARDING } });
      const session = await clientSession(lab);
      expect(await session.ended).toMatchObject({
        by: 'service',
        message: `The session was closed: Forwarding to IP address ${host} is forbidden.`,
      });
    },
  );

  it('goes one connection at a time through an agent that cannot do more', async () => {
    let open = 0;
    let most = 0;
    const port = await serve((socket) => {
      most = Math.max(most, (open += 1));
      socket.on('close', () => (open -= 1));
      socket.on('data', (request) => socket.write(`answer to ${request.toString()}`));
      socket.on('end', () => socket.end());
    });
    const { forward } = await tunnel(port, { agentVersion: '3.0.150.0' });
    const ask = async (question: string): Promise<string> => {
      const socket = dial(forward.port);
      socket.write(question);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      socket.end();
      return answer.toString();
    };
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map(ask));
    expect(answers).toEqual(['answer to a', 'answer to b', 'answer to c', 'answer to d']);
    expect(most).toBe(1);
  });

  it('needs a session that is for this', async () => {
    const port = await serve((socket) => socket.resume());
    const lab = await labSession({ properties: { portNumber: String(port) } });
    await expect(forwardPort(await clientSession(lab))).rejects.toMatchObject({ code: 'unsupported' });
  });
});

/** SHA-256 of the first `bytes` bytes. */
function digestOf(socket: ReturnType<typeof dial>, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  let left = bytes;
  return new Promise((resolve) => {
    socket.on('data', (chunk) => {
      hash.update(chunk);
      if ((left -= chunk.length) === 0) resolve(hash.digest('hex'));
    });
  });
}
