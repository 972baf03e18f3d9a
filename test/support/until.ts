import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 20;

/** Waits for something that will happen, however slow the machine; the test's own time limit is the only one. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(LOOK_MS);
}
