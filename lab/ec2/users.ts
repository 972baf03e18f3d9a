import { appendFileSync, chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failed, type StandInReply } from './stand-ins';

/** One user of a box. */
interface User {
  readonly name: string;
  readonly id: number;
  readonly home: string;
  readonly shell: string;
}

const NO_LOGIN = '/sbin/nologin';

/** First ids that `useradd` gives: of system users it takes the highest free one (useradd(8), login.defs of Amazon Linux). */
const HIGHEST_SYSTEM_ID = 994;
const FIRST_ID = 1000;

/**
 * Users of a freshly launched Amazon Linux 2023 that matter to SSH. All are locked: nobody has a password.
 * Source: https://docs.aws.amazon.com/linux/al2023/ug/connecting-to-instances.html; the package ec2-instance-connect makes the
 * user of its own name (https://github.com/aws/aws-ec2-instance-connect-config).
 */
const usersOf = (root: string): User[] => [
  { name: 'root', id: 0, home: join(root, 'root'), shell: '/bin/bash' },
  { name: 'sshd', id: 74, home: '/usr/share/empty.sshd', shell: NO_LOGIN },
  { name: 'ec2-instance-connect', id: 995, home: '/', shell: NO_LOGIN },
  { name: 'nobody', id: 65_534, home: '/', shell: NO_LOGIN },
  { name: 'ec2-user', id: FIRST_ID, home: join(root, 'home/ec2-user'), shell: '/bin/bash' },
];

const passwdLine = ({ name, id, home, shell }: User): string => `${name}:x:${id}:${id}::${home}:${shell}\n`;
const groupLine = ({ name, id }: User): string => `${name}:x:${id}:\n`;
const shadowLine = ({ name }: User): string => `${name}:!!:20000:0:99999:7:::\n`;

/** Adds to the files as they are: the namespace of the box's SSH server sees these very files. */
function add(root: string, user: User): void {
  appendFileSync(join(root, 'etc/passwd'), passwdLine(user));
  appendFileSync(join(root, 'etc/group'), groupLine(user));
  appendFileSync(join(root, 'etc/shadow'), shadowLine(user));
}

/** Writes the user database of a fresh box. */
export function writeUsers(root: string): void {
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(join(root, 'etc/shadow'), '', { mode: 0o600 });
  for (const name of ['passwd', 'group']) {
    writeFileSync(join(root, 'etc', name), '');
    chmodSync(join(root, 'etc', name), 0o644);
  }
  for (const user of usersOf(root)) add(root, user);
}

interface Known {
  readonly names: readonly string[];
  readonly ids: readonly number[];
}

function known(root: string): Known {
  const lines = readFileSync(join(root, 'etc/passwd'), 'utf8').trimEnd().split('\n');
  const fields = lines.map((line) => line.split(':'));
  return { names: fields.map(([name = '']) => name), ids: fields.map(([, , id]) => Number(id)) };
}

function freeId({ ids }: Known, system: boolean): number {
  let id = system ? HIGHEST_SYSTEM_ID : FIRST_ID;
  while (ids.includes(id)) id += system ? -1 : 1;
  return id;
}

interface Wish {
  readonly name: string;
  readonly system: boolean;
  readonly makesHome: boolean;
  readonly home: string | undefined;
  readonly shell: string;
}

const FLAGS = ['--system', '-r', '--no-create-home', '-M', '--create-home', '-m'];

/** Reads the words of `useradd`; a text is what it would refuse. */
function read(args: readonly string[]): Wish | string {
  const words = args.flatMap((word) =>
    /^--[a-z-]+=/.test(word) ? word.split(/=(.*)/s).slice(0, 2) : [word],
  );
  const given = new Map<string, string>();
  const flags: string[] = [];
  const names: string[] = [];
  while (words.length > 0) {
    const word = words.shift() ?? '';
    if (FLAGS.includes(word)) flags.push(word);
    else if (['--home-dir', '-d', '--shell', '-s'].includes(word)) given.set(word, words.shift() ?? '');
    else if (word.startsWith('-')) return `The lab's useradd does not know the option ${word}.`;
    else names.push(word);
  }
  const [name = '', ...more] = names;
  if (more.length > 0 || !/^[a-z_][a-z0-9_-]{0,30}\$?$/.test(name))
    return `useradd: invalid user name '${names.join(' ')}'`;
  const has = (...ones: readonly string[]): boolean => ones.some((one) => flags.includes(one));
  const system = has('--system', '-r');
  return {
    name,
    system,
    // Amazon Linux makes homes unless told otherwise (CREATE_HOME in login.defs), but none of system users.
    makesHome: has('--create-home', '-m') || (!system && !has('--no-create-home', '-M')),
    home: given.get('--home-dir') ?? given.get('-d'),
    shell: given.get('--shell') ?? given.get('-s') ?? '/bin/bash',
  };
}

/** Stands for `useradd`: a user of the box, and of nothing else. The real one would make a user of this machine. */
export function useradd(root: string, args: readonly string[]): StandInReply {
  const wish = read(args);
  if (typeof wish === 'string') return failed(wish, 2);
  const { name, system, makesHome, shell, home = join(root, 'home', name) } = wish;
  const database = known(root);
  if (database.names.includes(name)) return failed(`useradd: user '${name}' already exists`, 9);
  const id = freeId(database, system);
  add(root, { name, id, home, shell });
  if (makesHome) makeHome(home, id);
  return { code: 0 };
}

/** Makes a home that is its user's alone, as far as the lab may give things away. */
export function makeHome(home: string, id: number): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  if (process.getuid?.() === 0) chownSync(home, id, id);
}

/** The home of the image's user. */
export const makeImageHome = (root: string): void => {
  makeHome(join(root, 'home/ec2-user'), FIRST_ID);
};
