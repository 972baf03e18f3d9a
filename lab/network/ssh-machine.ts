import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Processes } from '../context';
import { findProgram } from '../parts';
import { endWithThisProcess } from '../processes';

/** A machine that can be reached by OpenSSH: it lets whoever runs the lab in, with one key. */
export interface SshMachine {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** File of the private key. */
  readonly key: string;
  /** Line of a known_hosts file. */
  readonly hostKey: string;
  stop(): Promise<void>;
}

/** Where it is. */
export interface SshMachineOptions {
  /** An empty directory for its files. */
  readonly directory: string;
  readonly address: string;
  readonly port: number;
  /** Words that lead into the machine's namespaces; none for this machine's own. */
  readonly within?: readonly string[];
}

const configuration = ({ directory, address, port }: SshMachineOptions): string =>
  [
    `ListenAddress ${address}:${port}`,
    `HostKey ${directory}/host`,
    `AuthorizedKeysFile ${directory}/key.pub`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'Subsystem sftp internal-sftp',
    '',
  ].join('\n');

/** Whether its log says that the server listens: nobody outside of its network could try. */
const listens = (log: string): boolean => readFileSync(log, 'utf8').includes('Server listening on');

/** As root, in a namespace of processes that ends with its first one: the server rewrites its environment, by which the lab knows its own. */
const ENDS_WHOLE = ['unshare', '--pid', '--fork', '--kill-child'];

/** Starts a machine's SSH server, and waits until it listens. */
export async function startSshMachine(processes: Processes, options: SshMachineOptions): Promise<SshMachine> {
  const { directory, address, port, within = [] } = options;
  const isRoot = process.getuid?.() === 0;
  for (const name of ['host', 'key'])
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, name)]);
  const [file, log] = [join(directory, 'sshd_config'), join(directory, 'log')];
  writeFileSync(file, configuration(options));
  // Debian's server wants this directory, which its own service makes.
  if (isRoot && !existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 });
  const sshd = [findProgram('sshd') ?? '/usr/sbin/sshd', '-D', '-e', '-f', file];
  const [program = '', ...words] = [...within, ...(isRoot ? ENDS_WHOLE : []), ...sshd];
  const output = openSync(log, 'a');
  const server = processes.spawn(program, words, { stdio: ['ignore', output, output] });
  closeSync(output);
  endWithThisProcess(server, 'SIGKILL');
  while (!listens(log)) {
    if (server.exitCode !== null)
      throw new Error(`sshd ended with ${server.exitCode}: ${readFileSync(log, 'utf8')}`);
    await sleep(20);
  }
  return {
    address,
    port,
    user: userInfo().username,
    key: join(directory, 'key'),
    hostKey: `${port === 22 ? address : `[${address}]:${port}`} ${readFileSync(join(directory, 'host.pub'), 'utf8')}`,
    stop: async () => {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
    },
  };
}
