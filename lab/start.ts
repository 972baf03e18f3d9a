import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import {
  labDirectory,
  labFiles,
  makeDirectory,
  removeDeadLabs,
  removeLab,
  writeRecord,
  type LabRecord,
} from './directory';
import { ACCOUNT, labEnvironment, REGION } from './environment';
import { prepareEmulator } from './moto';
import { LAB_VARIABLE } from './processes';

/** How a lab is started. */
export interface LabOptions {
  /** Whether it outlives this process; `npm run lab:stop` ends it. Default: no. */
  readonly keep?: boolean;
  /** Told, in a line, what takes long. Default: nobody is. */
  readonly say?: (line: string) => void;
}

/** A lab that answers. */
export interface RunningLab {
  readonly id: string;
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly directory: string;
  /** Variables that point AWS CLI, SDKs and CDK at it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends it, with all its processes and files. */
  stop(): Promise<void>;
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else
      child.once('exit', () => {
        resolve();
      });
  });

function spawnServe(id: string, keep: boolean, log: string): ChildProcess {
  const loader = pathToFileURL(require.resolve('tsx')).href;
  const file = openSync(log, 'a');
  try {
    return spawn(
      process.execPath,
      ['--import', loader, join(__dirname, 'serve.ts'), '--id', id, ...(keep ? ['--keep'] : [])],
      {
        // A session of its own: an interrupt from the terminal reaches the starter, which decides.
        detached: true,
        stdio: [keep ? 'ignore' : 'pipe', 'pipe', file],
        env: { ...process.env, [LAB_VARIABLE]: id },
      },
    );
  } finally {
    closeSync(file);
  }
}

function readyLine(child: ChildProcess): Promise<LabRecord | undefined> {
  return new Promise((resolve) => {
    const { stdout } = child;
    if (stdout === null) throw new Error('The lab was started without standard output.');
    createInterface({ input: stdout })
      .once('line', (line) => {
        resolve(JSON.parse(line) as LabRecord);
      })
      .once('close', () => {
        resolve(undefined);
      });
  });
}

async function waitReady(child: ChildProcess, id: string): Promise<LabRecord> {
  const ready = await readyLine(child);
  if (ready !== undefined) return ready;
  const log = readFileSync(labFiles(id).log, 'utf8').trim().split('\n').slice(-15).join('\n');
  throw new Error(`The lab did not start:\n${log}`);
}

async function stopLab(id: string, child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await ended(child);
  await removeLab(id);
}

/**
 * Starts a lab and waits until it answers. First ends what dead labs left.
 *
 * Unless `keep`, it ends with this process, however this process ends.
 *
 * @throws Error that says what is missing, or with the end of the lab's log
 */
export async function startLab({
  keep = false,
  say = () => undefined,
}: LabOptions = {}): Promise<RunningLab> {
  const removed = await removeDeadLabs();
  if (removed.length > 0) say(`Ended and removed what dead labs had left: ${removed.join(', ')}.`);
  await prepareEmulator(say);
  const id = randomBytes(4).toString('hex');
  const directory = labDirectory(id);
  const files = labFiles(id);
  await makeDirectory(id);
  const record: LabRecord = {
    id,
    pid: process.pid,
    state: 'starting',
    keep,
    endpoint: '',
    account: ACCOUNT,
    region: REGION,
    files,
  };
  await writeRecord(record);
  const child = spawnServe(id, keep, files.log);
  try {
    const { endpoint } = await waitReady(child, id);
    if (keep) {
      child.unref();
      child.stdout?.destroy();
    }
    return {
      id,
      endpoint,
      directory,
      environment: labEnvironment(endpoint, directory),
      stop: () => stopLab(id, child),
    };
  } catch (error) {
    await stopLab(id, child);
    throw error;
  }
}
