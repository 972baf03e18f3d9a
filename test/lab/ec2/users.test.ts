import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useradd, writeUsers } from '../../../lab/ec2/users';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'users-'));
  writeUsers(root);
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const line = (file: string, name: string): string | undefined =>
  readFileSync(join(root, 'etc', file), 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${name}:`));

test('the image has its users, all without a password', () => {
  expect(line('passwd', 'ec2-user')).toBe(`ec2-user:x:1000:1000::${root}/home/ec2-user:/bin/bash`);
  for (const name of ['root', 'sshd', 'ec2-instance-connect', 'ec2-user']) {
    expect(line('shadow', name)).toMatch(/^[^:]+:!!:/);
    expect(line('group', name)).toBeDefined();
  }
  expect(statSync(join(root, 'etc/shadow')).mode & 0o777).toBe(0o600);
});

test('useradd makes users with ids of their own, and homes where they are wanted', () => {
  const words = '--system --no-create-home --home-dir / --shell /bin/sh intake'.split(' ');
  expect(useradd(root, words)).toEqual({ code: 0 });
  expect(line('passwd', 'intake')).toBe('intake:x:994:994::/:/bin/sh');
  expect(useradd(root, ['-r', 'other'])).toEqual({ code: 0 });
  expect(line('passwd', 'other')).toMatch(/^other:x:993:/);
  expect(useradd(root, ['--shell=/bin/sh', 'ada'])).toEqual({ code: 0 });
  expect(line('passwd', 'ada')).toBe(`ada:x:1001:1001::${root}/home/ada:/bin/sh`);
  expect(statSync(join(root, 'home/ada')).isDirectory()).toBe(true);
});

test.each([
  [['root'], 9, "useradd: user 'root' already exists"],
  [['Ada Lovelace'], 2, "useradd: invalid user name 'Ada Lovelace'"],
  [['--uid', '7', 'x'], 2, "The lab's useradd does not know the option --uid."],
  [[], 2, "useradd: invalid user name ''"],
])('%j is refused, and nothing is written', (words, code, errors) => {
  const before = readFileSync(join(root, 'etc/passwd'), 'utf8');
  expect(useradd(root, words)).toEqual({ code, errors: `${errors}\n` });
  expect(readFileSync(join(root, 'etc/passwd'), 'utf8')).toBe(before);
});
