import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What one run of a program took. */
export interface Measured {
  readonly seconds: number;
  /** Largest resident memory of the process itself, not of its children; undefined where the system does not tell. */
  readonly peakRssMb: number | undefined;
  /** Most bytes of files in `watched` at any time. */
  readonly diskBytes: number;
  readonly stdout: string;
}

const POLL_MS = 50;

/** Process groups of the programs that are being measured. */
const running = new Set<number>();

/** Ends what is being measured, with everything that it started. */
export function endMeasured(): void {
  for (const group of running) process.kill(-group, 'SIGKILL');
}

/** `VmHWM` is the largest resident size so far: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
function peakOf(pid: number): number | undefined {
  const file = `/proc/${String(pid)}/status`;
  if (!existsSync(file)) return undefined;
  try {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch (error) {
    // The process ended between the two looks.
    if (error instanceof Error && /ESRCH|ENOENT/.test(error.message)) return undefined;
    throw error;
  }
}

function bytesIn(directory: string, ignored: RegExp): number {
  let sum = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    // What vanishes between the two looks takes no room.
    if (entry.isFile() && !ignored.test(entry.name))
      sum += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return sum;
}

/**
 * Runs a program to its end and measures it.
 *
 * @param watched - directory of its temporary files, looked at all the time; `ignored` names files that do not count
 * @throws Error with its last words when it fails
 */
export async function measure(
  command: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
  watched?: { readonly directory: string; readonly ignored: RegExp },
): Promise<Measured> {
  const [program, ...args] = command;
  const begun = process.hrtime.bigint();
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  if (child.pid !== undefined) running.add(child.pid);
  let [stdout, stderr, diskBytes] = ['', '', 0];
  let peakRssMb: number | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4096)));
  const look = (): void => {
    peakRssMb = peakOf(child.pid ?? 0) ?? peakRssMb;
    if (watched !== undefined) diskBytes = Math.max(diskBytes, bytesIn(watched.directory, watched.ignored));
  };
  const timer = setInterval(look, POLL_MS);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
    if (code !== 0) throw new Error(`${program} ended with ${String(code)}: ${stderr.trim()}`);
    return { seconds, peakRssMb, diskBytes, stdout };
  } finally {
    clearInterval(timer);
    if (child.pid !== undefined) running.delete(child.pid);
  }
}

/** The middle of the values; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/**
 * A table of figures, each beside what is wanted of it, then the raw values and the notes.
 *
 * @param targets - name of a figure of `summary`, and what to print beside it
 */
export function figureTable(
  summary: Readonly<Record<string, unknown>>,
  targets: readonly (readonly [string, string])[],
  raw: Readonly<Record<string, readonly number[]>>,
  unit: string,
): string {
  const rows = targets.map(([name, target]) => {
    const figure: unknown = summary[name] ?? 'not run';
    return `${name.padEnd(24)}${String(figure).padStart(10)}   ${target}`;
  });
  const run = Object.entries(raw).filter(([, list]) => list.length > 0);
  const values = run.map(
    ([name, list]) =>
      `${name.padEnd(14)}${list.map((value) => value.toFixed(2).padStart(9)).join('')}  ${unit}`,
  );
  return [...rows, '', ...values, '', ...(summary.notes as readonly string[])].join('\n');
}
