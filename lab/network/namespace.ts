import { type ChildProcess, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { Processes } from '../context';
import { findProgram } from '../parts';

/** Why this machine cannot make network namespaces; undefined when it can. */
export function whyNoNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'networks of their own need root.';
  if (findProgram('ip') === undefined) return 'networks of their own need `ip` (apt: iproute2).';
  const { status } = spawnSync('unshare', ['--net', '--mount', 'true']);
  return status === 0 ? undefined : 'networks of their own need network namespaces (unshare, of util-linux).';
}

function ip(...words: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr}`);
}

/** A machine's network and view of files; gone when the process that holds it ends. */
export class Namespace {
  private constructor(private readonly holder: ChildProcess) {}

  /** Makes one with nothing but a loopback interface. */
  static async make(processes: Processes): Promise<Namespace> {
    // The line says that the namespaces are there.
    const script = 'ip link set lo up && echo ready && exec sleep infinity';
    const holder = processes.spawn('unshare', ['--net', '--mount', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (holder.stdout === null) throw new Error('The namespace was made without a pipe.');
    await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
    if (holder.exitCode !== null) throw new Error('No namespace could be made.');
    return new Namespace(holder);
  }

  get pid(): string {
    return String(this.holder.pid);
  }

  /** Words for `nsenter` before a command that is to run in it. */
  get into(): readonly string[] {
    return ['--target', this.pid, '--net', '--mount'];
  }

  /** Words that begin a command that runs in it. */
  get within(): readonly string[] {
    return ['nsenter', ...this.into];
  }

  /** Shows a file of this machine in the place of another, there alone. */
  show(file: string, inPlaceOf: string): void {
    const words = ['--target', this.pid, '--mount', 'mount', '--bind', file, inPlaceOf];
    const { status, stderr } = spawnSync('nsenter', words, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${inPlaceOf} could not be replaced: ${stderr}`);
  }

  async end(): Promise<void> {
    if (this.holder.exitCode !== null || this.holder.signalCode !== null) return;
    const ended = once(this.holder, 'exit');
    this.holder.kill('SIGKILL');
    await ended;
  }
}

/** Addresses of the two ends of a line. */
export interface Line {
  readonly here: string;
  readonly there: string;
}

/**
 * Lays a line between a namespace and another, or this machine itself: nothing else is reachable over it. Addresses are of the
 * range for tests of networks (RFC 2544).
 */
export function layLine(there: Namespace, here?: Namespace): Line {
  const name = randomBytes(4).toString('hex');
  const [one, other] = [`db${name}a`, `db${name}b`];
  const network = `198.${18 + randomInt(2)}.${randomInt(256)}`;
  const base = randomInt(63) * 4;
  const line = { here: `${network}.${base + 1}`, there: `${network}.${base + 2}` };
  ip('link', 'add', one, 'type', 'veth', 'peer', 'name', other, 'netns', there.pid);
  const enter = (space: Namespace | undefined): string[] => (space === undefined ? [] : [...space.within]);
  if (here !== undefined) ip('link', 'set', one, 'netns', here.pid);
  for (const [space, device, address] of [
    [here, one, line.here],
    [there, other, line.there],
  ] as const) {
    for (const words of [
      ['address', 'add', `${address}/30`, 'dev', device],
      ['link', 'set', device, 'up'],
    ]) {
      const [program = '', ...rest] = [...enter(space), 'ip', ...words];
      const { status, stderr } = spawnSync(program, rest, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr}`);
    }
  }
  return line;
}
