import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcesses, isAlive, type LabProcess, labProcesses, temporaryDirectoryOf } from './processes';

const PREFIX = 'drawbridge-lab-';

/** Form of the ids that `start.ts` gives; processes of other ids without a directory are somebody else's business. */
const ID = /^[0-9a-f]{8}$/;

/** A lab that is being started belongs to its starter for so long. */
const STARTING_MS = 15 * 60 * 1000;

/** `lab.json`: what a lab tells about itself. */
export interface LabRecord {
  readonly id: string;
  /** While `starting`, the process that starts it; afterwards its one long-running process. */
  readonly pid: number;
  readonly state: 'starting' | 'serving';
  /** Whether it was asked to outlive its starter. */
  readonly keep: boolean;
  /** Empty while `starting`. */
  readonly endpoint: string;
  readonly account: string;
  readonly region: string;
  readonly files: { readonly log: string; readonly emulatorLog: string };
}

/** Directory of a lab. */
export const labDirectory = (id: string): string => join(tmpdir(), PREFIX + id);

/** Where a lab's log is. */
export const labFiles = (id: string): LabRecord['files'] => ({
  log: join(labDirectory(id), 'lab.log'),
  emulatorLog: join(labDirectory(id), 'moto.log'),
});

/** Writes `lab.json` at once, never half of it. */
export async function writeRecord(record: LabRecord): Promise<void> {
  const path = join(labDirectory(record.id), 'lab.json');
  await writeFile(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`);
  await rename(`${path}.new`, path);
}

/** Makes the directory of a lab. Others may pass through it, since some servers refuse to run as root. */
export async function makeDirectory(id: string): Promise<void> {
  await mkdir(labDirectory(id), { mode: 0o711 });
}

function readRecord(id: string): LabRecord | undefined {
  const path = join(labDirectory(id), 'lab.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as LabRecord) : undefined;
}

/** Whether whoever runs this made a directory: labs of others on this machine are theirs. */
const isOwn = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.();

/** Every lab of this user that left a directory, with its record if it got so far. */
export function labs(): { id: string; record: LabRecord | undefined }[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(PREFIX) && isOwn(join(tmpdir(), name)))
    .map((name) => name.slice(PREFIX.length))
    .map((id) => ({ id, record: readRecord(id) }));
}

/** Whether somebody still looks after a lab. */
function isLooked(id: string, record: LabRecord | undefined): boolean {
  if (record?.state === 'serving')
    return labProcesses().some(({ pid, lab }) => lab === id && pid === record.pid);
  const isNew = Date.now() - statSync(labDirectory(id)).mtimeMs < STARTING_MS;
  return isNew && (record === undefined || isAlive(record.pid));
}

/** Where temporary files of a process are that has no variable for it. */
const WITHOUT_TMPDIR = '/tmp';

/** Ends every process of a lab and removes its directory. */
export async function removeLab(id: string): Promise<void> {
  await endProcesses(id, [process.pid]);
  await rm(labDirectory(id), { recursive: true, force: true, maxRetries: 5 });
}

/**
 * Ends and removes what dead labs left: labs whose long-running process is gone.
 *
 * @returns their ids
 */
export async function removeDeadLabs(): Promise<string[]> {
  const running = labProcesses();
  const known = labs();
  const dead = known.filter(({ id, record }) => !isLooked(id, record)).map(({ id }) => id);
  // Another run may keep its labs in a temporary directory of its own.
  const hasHome = ({ pid, lab }: LabProcess): boolean =>
    [tmpdir(), temporaryDirectoryOf(pid) ?? WITHOUT_TMPDIR].some((parent) =>
      existsSync(join(parent, PREFIX + lab)),
    );
  const housed = new Set(running.filter(hasHome).map(({ lab }) => lab));
  const homeless = running.map(({ lab }) => lab).filter((lab) => ID.test(lab) && !housed.has(lab));
  const found = [...new Set([...dead, ...homeless])].filter(
    (id) => id !== '' && id !== process.env.DRAWBRIDGE_LAB,
  );
  for (const id of found) await removeLab(id);
  return found;
}
