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
 * Tells, now and then, how far a stream is, and how fast it has been since the last time.
 *
 * @param done - what has been done to the bytes
 */
export function reportingBytes(
  progress: Progress,
  done = 'dumped',
  now: () => number = Date.now,
): (plainBytes: number, storedBytes?: number) => void {
  let last = { at: now(), bytes: 0 };
  return (plainBytes, storedBytes) => {
    const at = now();
    if (at - last.at < BYTES_MS) return;
    const perSecond = ((plainBytes - last.bytes) * 1_000) / (at - last.at);
    last = { at, bytes: plainBytes };
    const stored = storedBytes === undefined ? '' : `, stored ${inBytes(storedBytes)}`;
    progress(`${done} ${inBytes(plainBytes)}${stored}, ${inBytes(perSecond)}/s`);
  };
}
