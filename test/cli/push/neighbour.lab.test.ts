/** A neighbour's real SSH server and tar, and neighbours that are not there or not what they say. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { neighbourFiles } from '../../../cli/push/neighbour';
import type { Unread } from '../../../cli/push/outgoing';
import { type SshMachine, startSshMachine } from '../../../lab/network/ssh-machine';
import { labProcessesOf } from '../../../lab/processes';
import { freePort } from '../../../lab/free-port';

let directory: string;
let machine: SshMachine;

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
  machine = await startSshMachine(labProcessesOf(`test-${process.pid}`), {
    directory,
    address: '127.0.0.1',
    port: await freePort(),
  });
  writeFileSync(
    join(directory, 'ssh_config'),
    [
      'Host neighbour',
      ...[
        'HostName 127.0.0.1',
        `Port ${machine.port}`,
        `User ${machine.user}`,
        `IdentityFile ${machine.key}`,
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
}, 60_000);
afterAll(async () => {
  await machine.stop();
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
