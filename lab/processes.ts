import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Processes } from './context';

/** Name of the environment variable that every process of a lab carries. */
export const LAB_VARIABLE = 'DRAWBRIDGE_LAB';

/** How long a process may take to end by itself before it is killed. */
const GRACE_MS = 3_000;

/** A running process that carries a lab's id. */
export interface LabProcess {
  readonly pid: number;
  readonly lab: string;
}

/** A process may end between being listed and being read; it is then none of ours any more. */
function readGone(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ESRCH' || code === 'EPERM') return '';
    throw error;
  }
}

const isZombie = (pid: number): boolean => /^\d+ \(.*\) Z/s.test(readGone(`/proc/${pid}/stat`));

function fromProc(): LabProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const variables = readGone(`/proc/${name}/environ`).split('\0');
      const found = variables.find((variable) => variable.startsWith(`${LAB_VARIABLE}=`));
      const lab = found?.slice(LAB_VARIABLE.length + 1);
      return lab === undefined || isZombie(Number(name)) ? [] : [{ pid: Number(name), lab }];
    });
}

function fromPs(): LabProcess[] {
  const { stdout } = spawnSync('ps', ['eww', '-axo', 'pid=,stat=,command='], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, state, lab] = /^\s*(\d+)\s+(\S+)\s.*\bDRAWBRIDGE_LAB=(\S+)/.exec(line) ?? [];
    return pid === undefined || lab === undefined || state?.startsWith('Z') === true
      ? []
      : [{ pid: Number(pid), lab }];
  });
}

/** Where a process keeps temporary files, as far as its environment says so and can be read. */
export function temporaryDirectoryOf(pid: number): string | undefined {
  const variables = readGone(`/proc/${pid}/environ`).split('\0');
  return variables.find((variable) => variable.startsWith('TMPDIR='))?.slice('TMPDIR='.length);
}

/** Every process of this machine (that we may look at) that belongs to a lab. */
export function labProcesses(): LabProcess[] {
  return existsSync('/proc/self/environ') ? fromProc() : fromPs();
}

/** Whether a process exists; one that has ended and only waits for its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Sends a signal to a process, or to its group; nothing happens when it has ended.
 *
 * @param pid - negative for a group, as in kill(2)
 */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function gone(list: () => readonly number[], withinMs: number): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (list().length > 0) {
    if (Date.now() > end) return false;
    await sleep(25);
  }
  return true;
}

/**
 * Ends every process of a lab: asks, waits a little, then kills, until none is left.
 *
 * @param spare - processes that stay, for example the caller itself
 * @throws when a process survives being killed
 */
export async function endProcesses(lab: string, spare: readonly number[] = []): Promise<void> {
  const list = (): number[] =>
    labProcesses()
      .filter((process) => process.lab === lab && !spare.includes(process.pid))
      .map(({ pid }) => pid);
  for (const pid of list()) signal(pid, 'SIGTERM');
  if (await gone(list, GRACE_MS)) return;
  // Killing may uncover processes that were started meanwhile: look again until there are none.
  const end = Date.now() + GRACE_MS;
  do {
    for (const pid of list()) signal(pid, 'SIGKILL');
    if (await gone(list, 200)) return;
  } while (Date.now() < end);
  throw new Error(`Processes of the lab ${lab} survived being killed: ${list().join(', ')}.`);
}

/**
 * Ends a process when this one ends, in whatever way, killed too: its watcher reads from a pipe that closes then.
 *
 * @param how - the signal that ends it without further ado
 */
export function endWithThisProcess(child: ChildProcess, how: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  const watch = `read -r line; kill -s ${how.replace('SIG', '')} ${child.pid}`;
  // A session of its own: an interrupt from the terminal must not end the watcher first.
  const watcher = spawn('sh', ['-c', watch], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  watcher.unref();
  child.once('exit', () => watcher.kill('SIGKILL'));
}

/**
 * Starts and ends the processes of one lab. The calling process itself is spared, whatever its environment.
 *
 * @param id - the lab's id, the value of {@link LAB_VARIABLE}
 */
export function labProcessesOf(id: string): Processes {
  const started = new Set<ChildProcess>();
  return {
    spawn(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
      const child = spawn(command, args, {
        ...options,
        env: { ...(options.env ?? process.env), [LAB_VARIABLE]: id },
      });
      started.add(child);
      child.once('exit', () => started.delete(child));
      child.once('error', () => started.delete(child));
      return child;
    },
    async stop(): Promise<void> {
      // Newest first: what was started later works with what was started earlier.
      for (const child of [...started].reverse()) child.kill('SIGTERM');
      await endProcesses(id, [process.pid]);
    },
  };
}
