/** A neighbour's real SSH server and tar, and neighbours that are not there or not what they say. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { neighbourFiles } from '../../../cli/push/neighbour';
import type { Unread } from '../../../cli/push/outgoing';

let directory: string;
let sshd: ChildProcess;
let port: number;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** ssh reads the configuration of the test in place of the user's. */
const environment = (name = 'ssh'): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${join(directory, name)}:${process.env.PATH ?? ''}`,
});

const program = (folder: string, text: string): void => {
  mkdirSync(join(directory, folder), { recursive: true });
  writeFileSync(join(directory, folder, 'ssh'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-neighbour-'));
  port = await freePort();
  for (const name of ['host', 'key'])
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, name)]);
  writeFileSync(
    join(directory, 'sshd_config'),
    [
      `Port ${port}`,
      ...[
        'ListenAddress 127.0.0.1',
        'StrictModes no',
        'PidFile none',
        'UsePAM no',
        'PermitRootLogin prohibit-password',
      ],
      ...[`HostKey ${directory}/host`, `AuthorizedKeysFile ${directory}/key.pub`, ''],
    ].join('\n'),
  );
  writeFileSync(
    join(directory, 'ssh_config'),
    [
      'Host neighbour',
      ...[
        'HostName 127.0.0.1',
        `Port ${port}`,
        `User ${userInfo().username}`,
        `IdentityFile ${directory}/key`,
      ],
      ...['StrictHostKeyChecking no', 'UserKnownHostsFile /dev/null', 'LogLevel ERROR', ''],
    ].join('\n'),
  );
  program('ssh', `exec /usr/bin/ssh -F '${directory}/ssh_config' "$@"`);
  const files = join(directory, 'files', 'app');
  mkdirSync(files, { recursive: true });
  writeFileSync(join(files, 'a.log'), 'a '.repeat(100_000));
  writeFileSync(join(files, "it's $(odd)"), 'odd');
  writeFileSync(join(files, 'x.tmp'), 'no');
  symlinkSync('/etc/passwd', join(files, 'link'));
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  sshd = spawn('/usr/sbin/sshd', ['-D', '-f', join(directory, 'sshd_config')], { stdio: 'ignore' });
  const answers = (): boolean =>
    spawnSync('ssh', ['-o', 'BatchMode=yes', 'neighbour', 'true'], { env: environment() }).status === 0;
  while (!answers()) {
    if (sshd.exitCode !== null) throw new Error(`sshd ended with ${sshd.exitCode}`);
    await sleep(50);
  }
}, 60_000);
afterAll(async () => {
  sshd.kill();
  if (sshd.exitCode === null) await once(sshd, 'close');
  rmSync(directory, { recursive: true });
});

async function gather(path: string, env = environment(), host = 'neighbour') {
  const unread: Unread[] = [];
  const found: Record<string, number> = {};
  const neighbour = { host, path, as: 'n', exclude: ['**/*.tmp'] };
  for await (const file of neighbourFiles(neighbour, (what) => unread.push(what), env)) {
    found[file.path] = 0;
    for await (const piece of file.content()) found[file.path] = (found[file.path] ?? 0) + piece.length;
  }
  return { found, unread };
}

test('a neighbour’s folder comes by tar over SSH; links and what is excluded are passed over', async () => {
  const path = join(directory, 'files');
  const { found, unread } = await gather(path);
  const below = `n${path}/app`;
  expect(found).toEqual({ [`${below}/a.log`]: 200_000, [`${below}/it's $(odd)`]: 3 });
  expect(unread).toEqual([]);
  // A path is a word, whatever it holds.
  expect((await gather(join(path, 'app', "it's $(odd)"))).found).toEqual({ [`${below}/it's $(odd)`]: 3 });
}, 60_000);

test('whatever is wrong with a neighbour is reported, and the files that came before it count', async () => {
  const nowhere = await gather('/etc', environment(), '127.0.0.1:1');
  expect(nowhere.found).toEqual({});
  expect(nowhere.unread).toHaveLength(1);
  const none = await gather(join(directory, 'none'));
  expect(none.unread).toEqual([
    { path: `neighbour:${directory}/none`, reason: expect.stringMatching(/No such file|Exiting/) as string },
  ]);

  program('garbage', 'yes garbage | head -c 1000000');
  const garbage = await gather('/etc', environment('garbage'));
  expect(garbage).toMatchObject({ found: {}, unread: [{ path: 'neighbour:/etc' }] });

  program('cut', `tar -C '${directory}/files' -cf - app | head -c 100000`);
  const cut = await gather('/etc', environment('cut'));
  expect(cut.unread).toHaveLength(1);

  program('rude', `printf 'no \\033[2J way\\n' >&2; exit 255`);
  const rude = await gather('/etc', environment('rude'));
  expect(rude.unread).toEqual([{ path: 'neighbour:/etc', reason: 'no \\x1b[2J way' }]);

  rmSync(join(directory, 'ssh'), { recursive: true });
  const { unread } = await gather('/etc', { PATH: join(directory, 'nothing') });
  expect(unread[0]?.reason).toContain('ENOENT');
}, 60_000);
