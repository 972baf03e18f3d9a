import type { Socket } from 'node:net';
import type { MuxStream } from '../smux/stream';

/**
 * How long, in milliseconds, an answer may pause after the local side has said that it will send nothing more, before the
 * connection is given up.
 *
 * TCP can close one direction; smux version 1, as the agent uses it, cannot: its `finish` makes the agent drop the
 * connection, answer and all (amazon-ssm-agent, port_mux.go, handleDataTransfer). So `finish` waits until the answer has come.
 */
const ANSWER_PAUSE_MS = 2_000;

/** A local connection and its stream. */
export interface Joined {
  /** Ends both at once; the local side sees a reset. */
  reset(): void;
}

/** What {@link join} needs to know, and tells. */
export interface JoinHooks {
  /** Whether the box could not connect: the local side then sees a reset instead of an empty answer. */
  isRefused(): boolean;
  /** Both are over. */
  over(): void;
}

/** Copies bytes both ways until both sides are done, and passes on how each ends. */
export function join(socket: Socket, stream: MuxStream, hooks: JoinHooks): Joined {
  let pause: NodeJS.Timeout | undefined;
  const reset = (): void => {
    stream.destroy();
    socket.resetAndDestroy();
  };
  const awaitAnswer = (): void => {
    clearTimeout(pause);
    pause = setTimeout(() => {
      stream.end();
    }, ANSWER_PAUSE_MS);
  };
  socket.pipe(stream, { end: false });
  stream.pipe(socket, { end: false });
  socket.on('end', () => {
    if (stream.isFinishedByOther) stream.end();
    else awaitAnswer();
  });
  stream.on('data', () => {
    if (pause !== undefined) awaitAnswer();
  });
  stream.on('end', () => {
    clearTimeout(pause);
    if (hooks.isRefused()) reset();
    else finishLocal(socket, stream);
  });
  socket.on('error', () => {
    // The local side has gone without a word, or with a reset: 'close' follows.
    stream.destroy();
  });
  socket.on('close', () => {
    clearTimeout(pause);
    stream.destroy();
    hooks.over();
  });
  stream.on('error', reset);
  stream.on('close', () => {
    if (!stream.readableEnded) reset();
  });
  return { reset };
}

/** The box is done: whatever the local side still sends goes nowhere. Reading on lets it see an end instead of a reset. */
function finishLocal(socket: Socket, stream: MuxStream): void {
  stream.end();
  socket.unpipe(stream);
  socket.resume();
  socket.end(() => {
    setTimeout(() => {
      socket.destroy();
    }, ANSWER_PAUSE_MS).unref();
  });
}
