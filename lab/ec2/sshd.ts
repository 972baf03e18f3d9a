import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../parts';
import { freePort } from '../free-port';
import type { BoxSpawn } from './service-runner';

/** What the SSH server needs of its box. */
export interface SshdHost {
  readonly root: string;
  readonly spawn: BoxSpawn;
  /** What every process of the box finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A server that cannot be started; the message says why. */
export class SshdError extends Error {
  override readonly name = 'SshdError';
}

/** Where the box's directory stands in the server's namespace: sshd wants its programs below directories that only root may change. */
const SAFE = '/mnt';

const KEY_TYPES = ['ed25519', 'ecdsa'];

const sshdProgram = (): string => findProgram('sshd') ?? '/usr/sbin/sshd';

/**
 * Why this machine cannot run a box's SSH server; undefined when it can. The server switches users, and the users are the
 * box's own: that needs root, and a mount namespace with the box's user database.
 */
export function whyNoSshd(): string | undefined {
  if (!existsSync(sshdProgram())) return 'OpenSSH’s server is not installed (apt: openssh-server).';
  if (process.getuid?.() !== 0) return 'an SSH server that knows the box’s users needs root.';
  const { status } = spawnSync('unshare', ['--mount', '--pid', '--fork', 'mount', '--bind', '/mnt', '/mnt']);
  if (status !== 0)
    return 'an SSH server that knows the box’s users needs mount namespaces (unshare, of util-linux).';
  return undefined;
}

/**
 * Its first words are the box's directory, the server and its configuration. The box's users, its directory in a safe
 * place, and the server, in namespaces that end with it.
 */
const START = [
  'set -eu',
  'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
  'root=$1; shift',
  'for file in passwd group shadow pam.d/sshd; do mount --bind "$root/etc/$file" "/etc/$file"; done',
  `mount --bind "$root" ${SAFE}`,
  // Debian's server wants this directory, which its own service makes.
  'mkdir -p -m 0755 /run/sshd',
  'exec "$@"',
].join('\n');

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/**
 * The box's SSH server: the real one, with the configuration that stands on the box. Only where it listens is changed: on a free
 * port of this machine's loopback, since boxes share its addresses.
 */
export class BoxSshd {
  private server: ChildProcess | undefined;
  private port = 0;
  private ports: readonly number[] = [];

  constructor(private readonly host: SshdHost) {}

  /** Where a port of the box is on this machine; undefined when the server does not listen on it. */
  portFor(port: number): number | undefined {
    return this.server !== undefined && this.ports.includes(port) ? this.port : undefined;
  }

  /** @throws SshdError */
  async start(): Promise<void> {
    await this.stop();
    const lacking = whyNoSshd();
    if (lacking !== undefined) throw new SshdError(`sshd was not started: ${lacking}`);
    this.makeHostKeys();
    const configuration = readFileSync(this.path('etc/ssh/sshd_config'), 'utf8');
    const declared = [...configuration.matchAll(/^\s*Port\s+(\d+)/gim)].map(([, port]) => Number(port));
    this.port = await freePort();
    const server = this.launch(this.moved(configuration));
    while (!(await listens(this.port))) {
      if (server.exitCode !== null || server.signalCode !== null)
        throw new SshdError(`sshd ended: ${this.lastWords()}`);
      await sleep(20);
    }
    this.server = server;
    this.ports = declared.length === 0 ? [22] : declared;
  }

  /** Ends the server and every connection to it, as when the machine's power goes. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }

  private path(part: string): string {
    return join(this.host.root, part);
  }

  /** The image makes them at the first boot. */
  private makeHostKeys(): void {
    for (const type of KEY_TYPES) {
      const key = this.path(`etc/ssh/ssh_host_${type}_key`);
      if (existsSync(key)) continue;
      const { status, stderr } = spawnSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', key], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new SshdError(`ssh-keygen made no host key: ${stderr}`);
    }
  }

  private moved(configuration: string): string {
    const kept = configuration.split('\n').filter((line) => !/^\s*(Port|ListenAddress)\s/i.test(line));
    const text = kept.join('\n').replaceAll(`${this.host.root}/`, `${SAFE}/`);
    return `ListenAddress 127.0.0.1:${this.port}\n${text}`;
  }

  private launch(configuration: string): ChildProcess {
    const { root, spawn, environment } = this.host;
    const file = this.path('run/sshd_config');
    writeFileSync(file, configuration, { mode: 0o600 });
    mkdirSync(this.path('var/log/journal'), { recursive: true });
    // Sessions get nothing of the server's own environment.
    const setEnv = Object.entries(environment).map(([name, value]) => `"${name}=${value}"`);
    const server = [sshdProgram(), '-D', '-e', '-f', file, '-o', `SetEnv ${setEnv.join(' ')}`];
    const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const output = openSync(this.journal, 'a');
    try {
      return spawn(
        [findProgram('unshare') ?? 'unshare', ...namespaces, '/bin/sh', '-c', START, 'sh', root, ...server],
        { output },
      );
    } finally {
      closeSync(output);
    }
  }

  private get journal(): string {
    return this.path('var/log/journal/sshd.service.log');
  }

  private lastWords(): string {
    return readFileSync(this.journal, 'utf8').trim().split('\n').slice(-3).join(' ');
  }
}
