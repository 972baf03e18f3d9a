/**
 * The far end of the tunnel, in a process of its own: the lab's agent. Argument: the port behind it. Prints one line of JSON:
 * where to connect.
 */
import { openSession } from '../../lab/session';

async function main([portNumber = '']: readonly string[]): Promise<void> {
  const sessionId = `bench-${process.pid}`;
  const { streamUrl } = await openSession({
    sessionId,
    token: 'first',
    sessionType: 'Port',
    properties: { host: '127.0.0.1', portNumber, type: 'LocalPortForwarding', localPortNumber: '0' },
  });
  process.stdout.write(`${JSON.stringify({ sessionId, streamUrl })}\n`);
  // Ends with whoever started it.
  process.once('disconnect', () => process.exit());
}

void main(process.argv.slice(2));
