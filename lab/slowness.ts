import { availableParallelism, loadavg } from 'node:os';

/** How many times as long as on an idle machine something takes now: the processes that want to run, for each processor. */
export const slowness = (): number => Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());

/**
 * Calls back after so long, or later on a machine that has more to do than it can: limits that in AWS end what hangs end nothing here
 * that is only slow.
 *
 * @returns forgets it
 */
export function afterPatience(milliseconds: number, act: () => void): () => void {
  const began = Date.now();
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const left = milliseconds * slowness() - (Date.now() - began);
    if (left <= 0) act();
    else timer = setTimeout(look, left);
  };
  timer = setTimeout(look, milliseconds);
  return () => {
    clearTimeout(timer);
  };
}
