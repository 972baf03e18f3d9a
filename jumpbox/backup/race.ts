/**
 * Waits until all work is done. As soon as one fails, the others are told to end, and the first failure is thrown when all
 * have ended: what follows from it (a pipe that breaks, a program that was killed) is no news.
 */
export async function allOrFirstFailure(
  works: readonly Promise<unknown>[],
  interrupted: readonly Promise<never>[],
  endAll: () => Promise<unknown>,
): Promise<void> {
  try {
    await Promise.race([Promise.all(works), ...interrupted]);
  } catch (error) {
    await endAll();
    await Promise.allSettled(works);
    throw error;
  }
}

/** A promise that rejects with the signal's reason when it aborts. */
export function whenAborted(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    const fail = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('Aborted'));
    };
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
  aborted.catch(() => undefined);
  return aborted;
}
