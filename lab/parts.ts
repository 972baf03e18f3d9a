import { spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program of this machine that the lab needs, and the packages that bring it. */
interface Part {
  readonly name: string;
  isHere(): boolean;
  readonly apt: string;
  readonly dnf: string;
  readonly brew: string;
  /** The demo does without it. */
  readonly testsOnly?: boolean;
}

/** A PostgreSQL installation of this machine: server and client programs of one major version. */
export interface HostPostgres {
  readonly major: number;
  /** Directory of `initdb`, `postgres`, `pg_dump`, … */
  readonly bin: string;
}

const POSTGRES_PROGRAMS = ['initdb', 'postgres', 'pg_dump', 'pg_dumpall', 'pg_restore', 'psql'];

/** Where distributions put PostgreSQL besides PATH: Debian, PostgreSQL's own packages, Homebrew. */
const POSTGRES_PARENTS = [
  { parent: '/usr/lib/postgresql', child: /^\d+$/ },
  { parent: '/usr', child: /^pgsql-\d+$/ },
  { parent: '/opt/homebrew/opt', child: /^postgresql(@\d+)?$/ },
  { parent: '/usr/local/opt', child: /^postgresql(@\d+)?$/ },
];

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const searchPath = (): string[] => (process.env.PATH ?? '').split(delimiter).filter((entry) => entry !== '');

/** Finds a program in PATH; undefined when there is none. */
export function findProgram(name: string): string | undefined {
  return searchPath()
    .map((directory) => join(directory, name))
    .find(isProgram);
}

function postgresDirectories(): string[] {
  const installed = POSTGRES_PARENTS.filter(({ parent }) => existsSync(parent)).flatMap(({ parent, child }) =>
    readdirSync(parent)
      .filter((name) => child.test(name))
      .map((name) => join(parent, name, 'bin')),
  );
  return [...installed, ...searchPath()];
}

/** Every complete PostgreSQL installation of this machine, newest major first. */
export function hostPostgres(): HostPostgres[] {
  const found = postgresDirectories()
    .filter((bin) => POSTGRES_PROGRAMS.every((program) => isProgram(join(bin, program))))
    .map((bin) => {
      const { stdout } = spawnSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' });
      return { bin, major: Number(/(\d+)/.exec(stdout)?.[1] ?? 0) };
    });
  return found.sort((one, other) => other.major - one.major);
}

/** A MariaDB installation of this machine. */
export interface HostMariadb {
  /** Path of `mariadbd`. */
  readonly server: string;
  /** Release series, such as `10.11`. */
  readonly series: string;
}

/** Where distributions put the server besides PATH. */
const MARIADB_DIRECTORIES = ['/usr/sbin', '/usr/libexec', '/opt/homebrew/bin', '/usr/local/bin'];

/** The MariaDB server of this machine with its client programs; undefined when one of them is missing. */
export function hostMariadb(): HostMariadb | undefined {
  const server = [...searchPath(), ...MARIADB_DIRECTORIES]
    .map((directory) => join(directory, 'mariadbd'))
    .find(isProgram);
  const clients = ['mariadb', 'mariadb-dump', 'mariadb-install-db'];
  if (server === undefined || clients.some((name) => findProgram(name) === undefined)) return undefined;
  const { stdout } = spawnSync(server, ['--no-defaults', '--version'], { encoding: 'utf8' });
  const series = /(\d+\.\d+)\.\d+-MariaDB/.exec(stdout)?.[1];
  return series === undefined ? undefined : { server, series };
}

const program = (name: string, packages: Partial<Omit<Part, 'name' | 'isHere'>> = {}): Part => ({
  name,
  isHere: () => findProgram(name) !== undefined,
  apt: name,
  dnf: name,
  brew: name,
  ...packages,
});

const PARTS: readonly Part[] = [
  {
    name: 'PostgreSQL (server and client)',
    isHere: () => hostPostgres().length > 0,
    apt: 'postgresql',
    dnf: 'postgresql-server postgresql-contrib',
    brew: 'postgresql@17',
  },
  {
    name: 'MariaDB (server and client)',
    isHere: () => hostMariadb() !== undefined,
    apt: 'mariadb-server',
    dnf: 'mariadb-server',
    brew: 'mariadb',
    testsOnly: true,
  },
  {
    name: 'OpenSSH (server and client)',
    // Debian keeps the server where only root's PATH leads.
    isHere: () =>
      findProgram('ssh') !== undefined && (findProgram('sshd') !== undefined || isProgram('/usr/sbin/sshd')),
    apt: 'openssh-server openssh-client',
    dnf: 'openssh-server openssh-clients',
    brew: 'openssh',
  },
  program('zstd'),
  program('age', { testsOnly: true }),
  program('7za', { apt: 'p7zip-full', dnf: 'p7zip', brew: 'p7zip', testsOnly: true }),
  program('openssl'),
  program('bash'),
  program('curl'),
  program('python3', { apt: 'python3-venv', brew: 'python' }),
];

const MANAGERS = [
  { name: 'apt', program: 'apt-get', install: ['install', '-y', '--no-install-recommends'] },
  { name: 'dnf', program: 'dnf', install: ['install', '-y'] },
] as const;

/** Installs packages with the system's package manager; only root can. False when there is no such manager. */
function install(missing: readonly Part[], say: (line: string) => void): boolean {
  const manager = MANAGERS.find((candidate) => findProgram(candidate.program) !== undefined);
  if (process.getuid?.() !== 0 || manager === undefined) return false;
  const packages = missing.flatMap((part) => part[manager.name].split(' '));
  say(`Installing with ${manager.program}, since this runs as root: ${packages.join(' ')}`);
  const options: SpawnSyncOptions = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  if (manager.name === 'apt') spawnSync(manager.program, ['update'], options);
  return spawnSync(manager.program, [...manager.install, ...packages], options).status === 0;
}

/**
 * Makes sure that this machine has what the lab needs. Nothing is installed without root.
 *
 * @param say - told, in a line, what is being installed
 * @param purpose - the tests need more than the demo
 * @returns nothing when all is there, otherwise one sentence per missing part that says how to install it
 */
export function provideParts(say: (line: string) => void, purpose: 'demo' | 'tests' = 'demo'): string[] {
  const needed = PARTS.filter(({ testsOnly = false }) => purpose === 'tests' || !testsOnly);
  const missing = needed.filter((part) => !part.isHere());
  if (missing.length > 0) install(missing, say);
  return missing
    .filter((part) => !part.isHere())
    .map(
      (part) =>
        `Missing: ${part.name}. Install it with \`sudo apt install ${part.apt}\`, ` +
        `\`sudo dnf install ${part.dnf}\` or \`brew install ${part.brew}\`.`,
    );
}
