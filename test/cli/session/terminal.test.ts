import { EventEmitter } from 'node:events';
import type { ReadStream, WriteStream } from 'node:tty';
import { openTerminal } from '../../../cli/session/index';

/** The part of a terminal that is used. */
const keyboard = (isTTY: boolean): ReadStream & { readonly modes: boolean[] } => {
  const modes: boolean[] = [];
  const stream = {
    isTTY,
    isRaw: false,
    modes,
    setRawMode: (raw: boolean) => modes.push(raw),
    pause: () => undefined,
  };
  return stream as unknown as ReadStream & { readonly modes: boolean[] };
};
const screen = (isTTY: boolean): WriteStream =>
  Object.assign(new EventEmitter(), { isTTY, columns: 100, rows: 40 }) as unknown as WriteStream;

describe('a terminal for a shell', () => {
  it('is raw until it is given back', () => {
    const input = keyboard(true);
    const terminal = openTerminal(input, screen(true), screen(true));
    expect(input.modes).toEqual([true]);
    terminal.restore();
    expect(input.modes).toEqual([true, false]);
  });

  it('tells its size, and when that changes, until nobody listens', () => {
    const output = screen(true);
    const terminal = openTerminal(keyboard(true), output, screen(true));
    const { streams } = terminal;
    expect(streams.size?.()).toEqual({ cols: 100, rows: 40 });
    const changed = jest.fn();
    const stop = streams.onResize?.(changed);
    output.emit('resize');
    stop?.();
    output.emit('resize');
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it('has neither mode nor size where it is a pipe', () => {
    const input = keyboard(false);
    const terminal = openTerminal(input, screen(false), screen(false));
    terminal.restore();
    expect(input.modes).toEqual([]);
    expect('size' in terminal.streams).toBe(false);
  });
});
