import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that Linux (32768–60999) and macOS (49152–65535) give to outgoing connections. */
const PORTS = [20_000, 32_768] as const;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });

/**
 * A loopback port that nobody listens on, and that no outgoing connection takes before whoever asked listens on it.
 *
 * @throws Error when none of many is free
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(...PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port between ${PORTS.join(' and ')}.`);
}
