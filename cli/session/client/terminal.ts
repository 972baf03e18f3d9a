import type { ReadStream, WriteStream } from 'node:tty';
import type { ShellStreams } from './shell';

/** A terminal in raw mode, as a shell wants it. */
export interface Terminal {
  readonly streams: ShellStreams;
  /** Gives the terminal back as it was. To be called whatever happens. */
  readonly restore: () => void;
}

/**
 * Takes this process's terminal for a shell on a box: every key goes there, Ctrl-C too, and its size is told. Where input
 * or output is no terminal (a pipe, a file), that part is left as it is.
 */
export function openTerminal(
  input: ReadStream = process.stdin,
  output: WriteStream = process.stdout,
  error: WriteStream = process.stderr,
): Terminal {
  const wasRaw = input.isTTY && input.isRaw;
  if (input.isTTY) input.setRawMode(true);
  const sized = output.isTTY ? output : undefined;
  return {
    streams: {
      input,
      output,
      error,
      ...(sized === undefined
        ? {}
        : {
            size: () => ({ cols: sized.columns, rows: sized.rows }),
            onResize: (changed) => {
              sized.on('resize', changed);
              return () => sized.off('resize', changed);
            },
          }),
    },
    restore: () => {
      if (input.isTTY) input.setRawMode(wasRaw);
      input.pause();
    },
  };
}
