/**
 * The far end of the tunnel, in a process of its own: the lab's agent, and behind it a server that takes bytes or gives them.
 * A connection begins with one line: `up <bytes>` or `down <bytes>`. Prints one line of JSON: where to connect.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { openSession, type LabSession } from '../../lab/session';

const BLOCK = Buffer.alloc(1_024 * 1_024, 'drawbridge');

function swallow(socket: Socket, bytes: number, first: Buffer): void {
  let left = bytes - first.length;
  if (left === 0) socket.end('done');
  socket.on('data', (chunk) => {
    left -= chunk.length;
    if (left === 0) socket.end('done');
  });
}

function pour(socket: Socket, bytes: number): void {
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      const piece = BLOCK.subarray(0, left);
      left -= piece.length;
      if (!socket.write(piece)) return;
    }
    socket.end();
  };
  socket.on('drain', more);
  more();
}

function serve(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.once('data', (chunk) => {
    const end = chunk.indexOf('\n');
    const [what, bytes] = chunk.toString('latin1', 0, end).split(' ');
    if (what === 'up') swallow(socket, Number(bytes), chunk.subarray(end + 1));
    else if (what === 'down') pour(socket, Number(bytes));
    else socket.resume();
  });
}

async function session(port: number, sessionId: string): Promise<LabSession> {
  return openSession({
    sessionId,
    token: 'first',
    sessionType: 'Port',
    properties: {
      host: '127.0.0.1',
      portNumber: String(port),
      type: 'LocalPortForwarding',
      localPortNumber: '0',
    },
  });
}

async function main(): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const lab = await session(port, `bench-${process.pid}`);
  process.stdout.write(
    `${JSON.stringify({ sessionId: `bench-${process.pid}`, streamUrl: lab.streamUrl })}\n`,
  );
  // Ends with whoever started it.
  process.once('disconnect', () => process.exit());
}

void main();
