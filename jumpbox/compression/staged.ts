import { createWriteStream } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Program } from '../process/program';

/** What is done with a file once it is whole. */
export interface Stage {
  /** Begins to work on the file. The output is read; `done` says how the work ended. */
  work(): Promise<{ readonly output: Readable; readonly done: Promise<unknown> }>;
  /** Ends what `work` has begun. */
  end(): Promise<unknown>;
  /** Last words of the program. */
  words(): string;
  /** Tells what a failure means, that of the file among them. */
  explained(error: unknown): unknown;
}

/**
 * Makes a program that must have its input as a file look like one that reads a stream: what is written to it is kept in the
 * file, and its output flows when that is whole.
 */
export function staged(file: string, stage: Stage): Program {
  const stdin = createWriteStream(file, { mode: 0o600, flags: 'wx' });
  const stdout = new PassThrough();
  const ending = new AbortController();
  const run = async (): Promise<void> => {
    await finished(stdin);
    ending.signal.throwIfAborted();
    const { output, done } = await stage.work();
    output.pipe(stdout, { end: false });
    try {
      // Nobody reads any more when it is ended early.
      await finished(output, { writable: false, signal: ending.signal });
      await done;
    } finally {
      output.destroy();
    }
  };
  const done = run()
    .catch((error: unknown) => {
      throw stage.explained(error);
    })
    .finally(() => {
      // Ends as a program's output does that fails: how it ended is told by `done`.
      stdout.end();
    });
  // Whoever waits for it hears of a failure; until then it must not count as unhandled.
  done.catch(() => undefined);
  stdin.on('error', () => undefined);
  return {
    stdin,
    stdout,
    done,
    words: () => stage.words(),
    end: async () => {
      const early = new Error('ended before it was done');
      stdin.destroy(early);
      ending.abort(early);
      await stage.end();
      await done.catch(() => undefined);
      stdout.destroy();
    },
  };
}
