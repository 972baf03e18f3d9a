import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session, SessionEnd } from '../../../cli/session';
import { carrySession } from '../../../cli/ssh/carry';
import { SshFiles } from '../../../cli/ssh/files';

import { publicKeysIn } from '../../../cli/ssh/host-keys';
import { configText, instanceOf, proxyCommand, proxyWords, sshOptions } from '../../../cli/ssh/options';
import { EXIT } from '../../../contract/exit-codes';
import { fakeContext } from '../support';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'drawbridge-ssh-'));
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

test('only public keys are taken from what a box prints', () => {
  const printed =
    'Starting session\r\nssh-ed25519 AAAAC3Nz root@ip-10-0-0-1\r\necdsa-sha2-nistp256 AAAAE2Vj\r\nssh-rsa no!base64\r\n';
  expect(publicKeysIn(printed)).toEqual(['ssh-ed25519 AAAAC3Nz', 'ecdsa-sha2-nistp256 AAAAE2Vj']);
});

test('the key is made once, and nobody else may read it', () => {
  const files = new SshFiles('drawbridge', home);
  const key = files.publicKey();
  expect(key).toMatch(/^ssh-ed25519 /);
  expect(files.publicKey()).toBe(key);
  expect(statSync(files.key).mode & 0o077).toBe(0);
});

test('OpenSSH reads the include file: hosts are checked, by the keys that came through the agent', () => {
  const files = new SshFiles('staging', home);
  const proxy = proxyCommand(fakeContext({ stack: 'staging' }), {
    node: '/usr/bin/node',
    program: '/a b/drawbridge.mjs',
  });
  files.write(files.config, configText('staging', sshOptions(files, proxy)));
  const show = (host: string): string =>
    execFileSync('ssh', ['-G', '-F', files.config, host], { encoding: 'utf8' });
  for (const host of ['staging', 'i-0123456789abcdef0.staging']) {
    const config = show(host);
    expect(config).toContain('stricthostkeychecking true');
    expect(config).toContain('user ec2-user');
    expect(config).toContain('identitiesonly yes');
    expect(config).toContain(`userknownhostsfile ${files.knownHosts(host)}`);
    expect(config).toMatch(
      /proxycommand "\/usr\/bin\/node" "\/a b\/drawbridge.mjs" "ssh-tunnel" "--stack" "staging"/,
    );
  }
  expect(show('elsewhere.example')).not.toContain('proxycommand');
});

test('whatever stands in a ProxyCommand reaches the program as it is, through ssh and its shell', () => {
  const program = join(home, 'a "program" %h $HOME `id` \\ \'s');
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$0" "$@" > '${home}/words'\n`, { mode: 0o755 });
  const words = ['100%', '%n', '%%', '$(id)', '"', "it's", 'a\\b', '\\"', ''];
  const proxy = proxyWords([program, ...words]);
  const ssh = spawnSync('ssh', ['-F', 'none', '-o', `ProxyCommand=${proxy}`, 'somewhere'], {
    encoding: 'utf8',
  });
  expect(ssh.status).toBe(255);
  expect(readFileSync(join(home, 'words'), 'utf8')).toBe([program, ...words, ''].join('\n'));
});

test('a session that breaks is no success, and says why; one that ends is', async () => {
  const context = fakeContext();
  const session = (end: SessionEnd) =>
    ({
      sessionType: 'Port',
      ended: Promise.resolve(end),
      consume: () => undefined,
      terminate: () => Promise.resolve(),
    }) as unknown as Session;
  expect(await carrySession(context, session({ by: 'service', message: 'over' }))).toBe(EXIT.ok);
  expect(await carrySession(context, session({ by: 'us', message: '' }))).toBe(EXIT.ok);
  const broken = session({ by: 'failure', message: 'The line was lost.' });
  expect(await carrySession(context, broken)).toBe(EXIT.unavailable);
});

test('a name may say which instance', () => {
  expect(instanceOf('i-0123456789abcdef0.staging')).toBe('i-0123456789abcdef0');
  expect(instanceOf('staging')).toBeUndefined();
});

test('a file is replaced whole', () => {
  const files = new SshFiles('drawbridge', home);
  files.write(files.config, 'one');
  writeFileSync(`${files.config}.old`, '');
  files.write(files.config, 'two');
  expect(readFileSync(files.config, 'utf8')).toBe('two');
});
