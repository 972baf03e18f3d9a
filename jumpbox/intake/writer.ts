import { once } from 'node:events';
import type { Writable } from 'node:stream';

/**
 * Writes text to a stream. Thousands may write while it is full: they wait for one and the same moment, since a listener of each would
 * cost all the others time.
 *
 * @returns a function that resolves when there is room for more
 */
export function writerTo(stream: Writable): (text: string) => Promise<void> {
  let room: Promise<void> | undefined;
  return async (text) => {
    if (stream.write(text)) return;
    room ??= once(stream, 'drain').then(() => {
      room = undefined;
    });
    await room;
  };
}
