import type { Readable, Writable } from 'node:stream';
import { codeOf } from '../stop';

/** Takes a chunk; a promise means: no more until it settles. */
export type Take = (chunk: Buffer) => Promise<void> | undefined;

/**
 * Reads a stream to its end, chunk by chunk, no faster than the taker takes, which never has two chunks at a time. Plain events: a
 * Transform per hop would cost a tenth of the time of a backup.
 */
export function drain(source: Readable, take: Take): Promise<void> {
  return new Promise((resolve, reject) => {
    // Node resumes the output of a program that ends, also one that is paused: what then comes has to wait here.
    const queue: Buffer[] = [];
    let [isBusy, hasEnded] = [false, false];
    const fail = (error: unknown): void => {
      isBusy = true;
      source.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const give = (): void => {
      for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) {
        let wait: Promise<void> | undefined;
        try {
          wait = take(chunk);
        } catch (error) {
          fail(error);
          return;
        }
        if (wait === undefined) continue;
        isBusy = true;
        source.pause();
        wait.then(() => {
          isBusy = false;
          give();
        }, fail);
        return;
      }
      if (hasEnded) resolve();
      else if (source.isPaused()) source.resume();
    };
    source.on('data', (chunk: Buffer) => {
      queue.push(chunk);
      if (!isBusy) give();
    });
    source.once('end', () => {
      hasEnded = true;
      if (!isBusy) give();
    });
    source.once('error', reject);
    source.once('close', () => {
      if (!source.readableEnded) reject(new Error('The stream was cut off.'));
    });
  });
}

/**
 * Makes a {@link Take} that writes into a program's standard input. When the program has closed it, chunks are dropped in
 * silence: how the program ended is told by its exit code, which somebody must look at.
 */
export function into(sink: Writable): { readonly take: Take; readonly finish: () => void } {
  let closed = false;
  let release: (() => void) | undefined;
  const open = (): void => {
    release?.();
    release = undefined;
  };
  sink.on('error', (error) => {
    if (!['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'].includes(codeOf(error) ?? '')) sink.destroy(error);
    closed = true;
    open();
  });
  sink.on('close', () => {
    closed = true;
    open();
  });
  sink.on('drain', open);
  return {
    take: (chunk) => {
      if (closed || sink.write(chunk)) return undefined;
      return new Promise((resolve) => {
        release = resolve;
      });
    },
    finish: () => {
      if (!closed) sink.end();
    },
  };
}
