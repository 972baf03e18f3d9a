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

/** Bytes as people read them: `1.5 MiB`. */
export function inBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  const value = bytes / 1024 ** step;
  return `${step === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[step] ?? 'B'}`;
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
