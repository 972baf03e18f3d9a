/**
 * The near end, in a process of its own: the product's client, and nothing else. Arguments: session id, stream URL. Prints the
 * local port; at the end of its input, its own figures.
 */
import { forwardPort, openSession } from '../../cli/session';

async function main([sessionId = '', streamUrl = '']: readonly string[]): Promise<void> {
  const session = await openSession({
    sessionId,
    streamUrl,
    token: 'first',
    resume: () => Promise.resolve(undefined),
  });
  const forward = await forwardPort(session);
  process.stdout.write(`${JSON.stringify({ port: forward.port })}\n`);
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuSeconds: (user + system) / 1e6, peakRssMb: process.resourceUsage().maxRSS / 1_024 });
  });
  process.once('disconnect', () => process.exit());
}

void main(process.argv.slice(2));
