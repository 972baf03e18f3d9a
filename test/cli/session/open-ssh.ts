import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../../lab/free-port';
import { findProgram } from '../../../lab/parts';
import { endWithThisProcess } from '../../../lab/processes';

const run = promisify(execFile);

/** Two hosts with an OpenSSH server each, and the client's configuration for them: `box`, and `inner` behind it. */
export interface Hosts {
  readonly directory: string;
  /** Runs `ssh`, `scp` or `sftp` with the configuration. */
  client(program: string, words: readonly string[], input?: string): Promise<string>;
  stop(): Promise<void>;
}

async function startServer(directory: string, name: string): Promise<{ port: number; child: ChildProcess }> {
  const port = await freePort();
  const key = join(directory, `${name}-host-key`);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const settings = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${key}`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    `AuthorizedKeysFile ${join(directory, 'key.pub')}`,
    'Subsystem sftp internal-sftp',
    `SetEnv HOST_NAME=${name}`,
  ];
  const file = join(directory, `${name}.conf`);
  writeFileSync(file, `${settings.join('\n')}\n`);
  // Where it runs as root, the server wants a directory that nobody else can write to.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const program = findProgram('sshd') ?? '/usr/sbin/sshd';
  const child = spawn(program, ['-D', '-e', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  endWithThisProcess(child, 'SIGTERM');
  let said = '';
  for await (const chunk of child.stderr as AsyncIterable<Buffer>)
    if ((said += chunk.toString()).includes('Server listening')) break;
  if (!said.includes('Server listening')) throw new Error(`sshd does not listen: ${said}`);
  return { port, child };
}

/**
 * Starts both hosts.
 *
 * @param proxyCommand - gets the words `<port of the host>` appended; leads to `box`
 */
export async function startHosts(proxyCommand: string): Promise<Hosts> {
  const directory = mkdtempSync(join(tmpdir(), 'ssh-'));
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'key')]);
  const [box, inner] = [await startServer(directory, 'box'), await startServer(directory, 'inner')];
  const known = ['box', 'inner'].map(
    (name) => `${name} ${readFileSync(join(directory, `${name}-host-key.pub`), 'utf8').trim()}`,
  );
  writeFileSync(join(directory, 'known-hosts'), `${known.join('\n')}\n`);
  const common = [
    `  HostName 127.0.0.1`,
    `  User ${userInfo().username}`,
    `  IdentityFile ${join(directory, 'key')}`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    `  UserKnownHostsFile ${join(directory, 'known-hosts')}`,
    '  StrictHostKeyChecking yes',
    '  BatchMode yes',
  ];
  const config = [
    'Host box',
    '  HostKeyAlias box',
    `  Port ${box.port}`,
    `  ProxyCommand ${proxyCommand} %p`,
    ...common,
    'Host inner',
    '  HostKeyAlias inner',
    `  Port ${inner.port}`,
    ...common,
  ];
  const file = join(directory, 'config');
  writeFileSync(file, `${config.join('\n')}\n`);
  return {
    directory,
    client: async (program, words, input) => {
      const started = run(program, ['-F', file, ...words], { maxBuffer: 64 * 1_024 * 1_024 });
      started.child.stdin?.end(input ?? '');
      return (await started).stdout;
    },
    stop: async () => {
      for (const { child } of [box, inner]) {
        const ended = once(child, 'exit');
        if (child.exitCode === null && child.kill()) await ended;
      }
      if (existsSync(directory)) rmSync(directory, { recursive: true });
    },
  };
}
