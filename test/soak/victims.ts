import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { labProcesses } from '../../lab/processes';
import { oneOf } from './random';

/** What is killed in the middle of a run. */
export const VICTIMS = ['program', 'box', 'function', 'workflow', 'emulator', 'line'] as const;
/** See {@link VICTIMS}. */
export type Victim = (typeof VICTIMS)[number];

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // It has ended since it was listed.
    return '';
  }
};

/** Programs of a box that work for a backup, and the processes in which functions run. */
const MARKS = {
  program: /jumpbox\.cjs (backup|prove)|\b(pg_dump|pg_dumpall|pg_restore|zstd|postgres)\b.*|cloud-init/,
  function: /lambda-runtime\/runtime\.cjs/,
  emulator: /\bmoto/,
} as const;

const found = (lab: string, kind: keyof typeof MARKS): { pid: number; command: string }[] =>
  labProcesses()
    .filter((one) => one.lab === lab)
    .map(({ pid }) => ({ pid, command: commandOf(pid) }))
    .filter(({ command }) => MARKS[kind].test(command));

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** `kill -9` of one process that serves a backup or a function; says which, or that there was none. */
export function killOne(lab: string, kind: 'program' | 'function', random: () => number): string {
  const [first, ...others] = found(lab, kind).filter(({ command }) => !/cluster|rds/.test(command));
  if (first === undefined) return 'nothing of it ran';
  const victim = oneOf(random, [first, ...others]);
  const name = victim.command.split(' ')[0]?.split('/').at(-1) ?? '';
  return signal(victim.pid, 'SIGKILL') ? `killed ${name}` : `${name} had just ended`;
}

/**
 * AWS dies for some seconds: every connection is reset, also every new one. What was asked just then is done all the same, and
 * nobody learns of it.
 */
export async function cutLine(endpoint: string, milliseconds: number): Promise<string> {
  const body = JSON.stringify({ cutSeconds: milliseconds / 1000 });
  const answer = await fetch(`${endpoint}/lab/line`, { method: 'PUT', body });
  if (!answer.ok) throw new Error(await answer.text());
  await sleep(milliseconds + 500);
  return `cut for ${(milliseconds / 1000).toFixed(1)} s`;
}

/** AWS stands still for some seconds: the emulator holds the bucket in its memory, so that killed it would take that along. */
export async function freezeEmulator(lab: string, milliseconds: number): Promise<string> {
  const pids = found(lab, 'emulator').map(({ pid }) => pid);
  try {
    for (const pid of pids) signal(pid, 'SIGSTOP');
    await sleep(milliseconds);
  } finally {
    for (const pid of pids) signal(pid, 'SIGCONT');
  }
  return `stood still for ${(milliseconds / 1000).toFixed(1)} s (${pids.length} processes)`;
}
