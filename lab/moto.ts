import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Processes } from './context';
import { endWithThisProcess } from './processes';

const REQUIREMENTS = join(__dirname, 'requirements.txt');

/** moto's server, told to answer one call at a time. */
const SERVER = join(__dirname, 'moto_server.py');

/** Half-made environments older than this belong to nobody any more. */
const ABANDONED_MS = 60 * 60 * 1000;

/** How long the emulator may take to answer; it needs a second on an ordinary machine. */
const START_MS = 60_000;

/** Programs that the lab runs and does not change. */
export interface Emulator {
  /** A Python that has moto. */
  readonly python: string;
  /** The AWS CLI; undefined when there is none. */
  readonly aws: string | undefined;
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function run(command: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const listen = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', (error) => {
      resolve({ code: null, output: error.message });
    });
    child.once('close', (code) => {
      resolve({ code, output: output.trim() });
    });
  });
}

const cacheDirectory = (): string => {
  const base = process.env.XDG_CACHE_HOME;
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'drawbridge');
};

async function removeAbandoned(cache: string, link: string): Promise<void> {
  const inUse = await realpath(link).catch(() => undefined);
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    if (!/^lab-[0-9a-f]{16}-/.test(name) || path === inUse) continue;
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > ABANDONED_MS && !existsSync(join(path, 'complete')))
      await rm(path, { recursive: true, force: true });
  }
}

/**
 * Makes the virtual environment under a name of its own and links it when it is complete, so that nobody ever uses half
 * of one and two labs that start at once do not disturb each other.
 */
async function makeEnvironment(link: string, say: (line: string) => void): Promise<Ended> {
  const own = `${link}-${randomBytes(4).toString('hex')}`;
  say('Installing the emulator (moto) and the AWS CLI from PyPI into a virtual environment; once only.');
  try {
    const made = await run('python3', ['-m', 'venv', own]);
    if (made.code !== 0) return made;
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
    const installed = await run(join(own, 'bin', 'python'), [...pip, '--retries', '2', '-r', REQUIREMENTS]);
    if (installed.code === 0) {
      await writeFile(join(own, 'complete'), '');
      await symlink(own, link);
    }
    return installed;
  } catch (error) {
    // Another lab was quicker: its environment is as good.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return { code: 0, output: '' };
  } finally {
    if ((await realpath(link).catch(() => undefined)) !== (await realpath(own).catch(() => undefined)))
      await rm(own, { recursive: true, force: true });
  }
}

async function findInPath(name: string): Promise<string | undefined> {
  const { code, output } = await run('sh', ['-c', `command -v ${name}`]);
  return code === 0 ? output : undefined;
}

/** An already installed moto of a suitable version, for machines that cannot reach PyPI. */
async function installedEmulator(): Promise<Emulator | undefined> {
  const { code, output } = await run('python3', ['-c', 'import moto.server; print(moto.__version__)']);
  const [major = 0, minor = 0] = output.split('.').map(Number);
  if (code !== 0 || major !== 5 || minor < 2) return undefined;
  return { python: 'python3', aws: await findInPath('aws') };
}

/**
 * Finds the emulator, installing it into the user's cache directory the first time.
 *
 * @param say - told, in a line, when something is installed
 * @throws Error with one sentence that says what to install
 */
export async function prepareEmulator(say: (line: string) => void): Promise<Emulator> {
  const cache = cacheDirectory();
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 16);
  const link = join(cache, `lab-${hash}`);
  const inside = (): Emulator => ({ python: join(link, 'bin', 'python'), aws: join(link, 'bin', 'aws') });
  if (existsSync(inside().python)) return inside();
  await mkdir(cache, { recursive: true });
  await rm(link, { force: true });
  await removeAbandoned(cache, link);
  const { code, output } = await makeEnvironment(link, say);
  if (code === 0) return inside();
  const installed = await installedEmulator();
  if (installed !== undefined) {
    say('PyPI could not be used; the moto that is installed here will do.');
    return installed;
  }
  throw new Error(
    'The lab needs Python 3.10 or newer with its venv module (apt: python3-venv) and access to PyPI, or an installed ' +
      `moto: \`pip install "moto[server]>=5.2,<6"\`. What failed: ${output.split('\n').slice(-3).join(' ')}`,
  );
}

/**
 * Starts moto's server, one call at a time, on a free port of 127.0.0.1, and waits until it listens.
 *
 * @param logFile - file descriptor that gets its log
 * @returns its address
 */
export async function startEmulator(
  { python }: Emulator,
  processes: Processes,
  logFile: number,
): Promise<string> {
  const child = processes.spawn(python, [SERVER], {
    stdio: ['ignore', 'pipe', logFile],
    // The bootstrap roles attach policies that AWS owns; the emulator has them only when asked.
    env: { ...process.env, MOTO_IAM_LOAD_MANAGED_POLICIES: 'true' },
  });
  endWithThisProcess(child, 'SIGKILL');
  const port = await new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(late);
      reject(new Error(`moto did not start: ${why}.`));
    };
    const late = setTimeout(fail, START_MS, `it said nothing for ${START_MS / 1000} s`);
    child.once('error', ({ message }) => {
      fail(message);
    });
    child.once('exit', (code) => {
      fail(`it ended with ${String(code)}`);
    });
    child.stdout?.once('data', (line: Buffer) => {
      clearTimeout(late);
      resolve(line.toString().trim());
    });
  });
  return `http://127.0.0.1:${port}`;
}
