import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EXIT } from '../../contract/exit-codes';
import { PRIVATE_PREFIX, withPrivateDirectory } from '../private-directory';
import { Stop } from '../stop';

const SOCKET = 'channel';

/** What happens on a further channel. */
export interface Talk {
  /** Whether it has brought anything so far. */
  readonly conversation: { readonly hasBegun: boolean };
  /** Resolves when the client has ended it and all that it brought is dealt with. */
  readonly over: Promise<void>;
}

/** The further channels of a push. */
export interface Channels {
  /** What the client has SSH run for each of them, behind the word `channel`. */
  readonly token: string;
  /** Waits for all that have brought something; the others are sent away. */
  finish(): Promise<void>;
}

/**
 * Takes further channels while `use` runs. Each is an SSH connection of its own, whose forced command does nothing but copy
 * bytes from and to a socket in a directory that only its user can open; this program hears them all, so that one program
 * judges what a push brings.
 *
 * @param most - at a time
 * @param begin - talks with the other end of one
 * @throws what a channel throws, as soon as it does
 */
export async function withChannels<T>(
  most: number,
  begin: (channel: Socket) => Talk,
  use: (channels: Channels) => Promise<T>,
): Promise<T> {
  return withPrivateDirectory(async (directory) => {
    const open = new Map<Socket, Talk>();
    let fail: (error: unknown) => void = () => undefined;
    const failed = new Promise<never>((_, reject) => (fail = reject));
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      // What breaks shows where it is read or written.
      socket.on('error', () => undefined);
      const talk = begin(socket);
      open.set(socket, talk);
      talk.over.then(
        () => {
          open.delete(socket);
          socket.end();
        },
        (error: unknown) => {
          if (open.has(socket)) fail(error);
        },
      );
    });
    server.maxConnections = most;
    server.listen(join(directory, SOCKET));
    await once(server, 'listening');
    const finish = async (): Promise<void> => {
      server.close();
      const idle = [...open].filter(([, { conversation }]) => !conversation.hasBegun);
      for (const [socket] of idle) {
        open.delete(socket);
        socket.destroy();
      }
      await Promise.all([...open.values()].map(({ over }) => over));
    };
    try {
      return await Promise.race([
        use({ token: basename(directory).slice(PRIVATE_PREFIX.length), finish }),
        failed,
      ]);
    } finally {
      server.close();
      for (const socket of open.keys()) socket.destroy();
      open.clear();
    }
  });
}

/**
 * Copies bytes between this connection and the push that it belongs to.
 *
 * @param token - see {@link Channels}; nothing but letters and digits
 * @throws Stop when there is no such push, or it has failed
 */
export async function joinChannel(
  token: string,
  input: Readable,
  output: Writable,
  signal: AbortSignal,
): Promise<void> {
  const socket = connect({ path: join(tmpdir(), `${PRIVATE_PREFIX}${token}`, SOCKET), allowHalfOpen: true });
  try {
    await once(socket, 'connect', { signal });
    const sending = pipeline(input, socket, { signal });
    // Its end is the push's to judge, which reads it.
    sending.catch(() => undefined);
    await pipeline(socket, output, { signal, end: false });
  } catch {
    throw new Stop(EXIT.unavailable, 'No push on this box is under way that this channel belongs to.');
  } finally {
    socket.destroy();
    input.destroy();
  }
}
