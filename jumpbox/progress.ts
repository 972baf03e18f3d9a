import { inBytes } from '../contract/bytes';

/** Says, one line at a time, what is happening. */
export type Progress = (line: string) => void;

/** A {@link Progress} that writes to standard error with the seconds since it was made. */
export function progressOn(stream: NodeJS.WritableStream, now: () => number = Date.now): Progress {
  const begun = now();
  return (line) => {
    const seconds = ((now() - begun) / 1000).toFixed(1).padStart(7);
    stream.write(`${seconds} s  ${line}\n`);
  };
}

/** Between two lines about bytes. */
const BYTES_MS = 2_000;

/**
 * Tells, now and then, how far a dump is.
 *
 * @param done - what has been done to the bytes
 */
export function reportingBytes(
  progress: Progress,
  done = 'dumped',
): (plainBytes: number, storedBytes?: number) => void {
  let last = Date.now();
  return (plainBytes, storedBytes) => {
    if (Date.now() - last < BYTES_MS) return;
    last = Date.now();
    const stored = storedBytes === undefined ? '' : `, stored ${inBytes(storedBytes)}`;
    progress(`${done} ${inBytes(plainBytes)}${stored}`);
  };
}
