import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { labProcesses, signal } from '../processes';

/** How long a box's processes may take to end when it shuts down; systemd gives 90 seconds, the lab has no time. */
const GRACE_MS = 2_000;

function readQuietly(read: () => string): string {
  try {
    return read();
  } catch (error) {
    // The process ended since it was listed, or is none of ours.
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return '';
    throw error;
  }
}

/** Whether environment or directory of a process show that it runs on the box with this directory. */
function runsBelow(root: string, pid: number): boolean {
  if (!existsSync('/proc/self/environ')) {
    const { stdout } = spawnSync('ps', ['eww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return stdout.includes(`${root}/`);
  }
  const environment = readQuietly(() => readFileSync(`/proc/${pid}/environ`, 'utf8'));
  const directory = readQuietly(() => readlinkSync(`/proc/${pid}/cwd`));
  return environment.includes(`${root}/`) || `${directory}/`.startsWith(`${root}/`);
}

/** Every process that runs on a box, whoever its parent is by now. */
export function processesBelow(lab: string, root: string): number[] {
  return labProcesses()
    .filter((process) => process.lab === lab)
    .map(({ pid }) => pid)
    .filter((pid) => pid !== process.pid && runsBelow(root, pid));
}

/**
 * Ends everything that runs on a box.
 *
 * @param hard - kill at once, as when the power goes; otherwise ask first
 */
export async function endProcessesBelow(lab: string, root: string, hard: boolean): Promise<void> {
  const killAfter = Date.now() + (hard ? 0 : GRACE_MS);
  let asked = new Set<number>();
  for (;;) {
    const running = processesBelow(lab, root);
    if (running.length === 0) return;
    const isLate = Date.now() >= killAfter;
    for (const pid of running) {
      if (isLate) signal(pid, 'SIGKILL');
      else if (!asked.has(pid)) signal(pid, 'SIGTERM');
    }
    asked = new Set(running);
    await sleep(25);
  }
}
