import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { localFiles } from '../../cli/push/local';
import { sendFiles } from '../../cli/push/send';
import type { BackupVm } from '../../lab/demo/vm';
import { PROGRAM } from '../cli/child';

const silent = (): void => undefined;

/** SSH from a backup VM to an intake box by hand: its own key, through a session. */
export class VmLine {
  private readonly key: string;

  /** @param document - session document that leads to a box's SSH server */
  constructor(
    private readonly vm: BackupVm,
    private readonly document: string,
  ) {
    this.key = join(vm.home, 'key');
    if (!existsSync(this.key)) spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', this.key]);
  }

  /** Words of ssh up to the host, the host included. */
  words(box: string, user: string, options: readonly string[] = []): string[] {
    const proxy = [process.execPath, PROGRAM, 'ssh-proxy', box, this.document].join(' ');
    const settings = [
      'BatchMode=yes',
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
    ];
    const words = [...settings, `ProxyCommand=${proxy}`].flatMap((one) => ['-o', one]);
    return ['ssh', '-F', 'none', '-i', this.key, ...words, ...options, `${user}@${box}`];
  }

  /** Lets the key in for a minute, by the AWS CLI. */
  async sendKey(box: string, user: string): Promise<void> {
    const words = ['send-ssh-public-key', '--instance-id', box, '--instance-os-user', user];
    const key = ['--ssh-public-key', `file://${this.key}.pub`];
    const { code, stderr } = await this.vm.run(['aws', 'ec2-instance-connect', ...words, ...key]);
    if (code !== 0) throw new Error(stderr);
  }

  /** SSH to the box, from the VM's own network. */
  start(box: string, command: string): ChildProcessByStdio<Writable, Readable, null> {
    return spawn('nsenter', [...this.vm.vm.into, ...this.words(box, 'intake'), command], {
      env: this.vm.environment,
      cwd: this.vm.home,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  }

  /**
   * A push that breaks once so many bytes were sent.
   *
   * @param after - bytes
   * @param kill - what breaks it; default: its line is cut
   */
  async breakOff(box: string, after: number, kill?: () => Promise<unknown>): Promise<'broken' | 'committed'> {
    const ssh = this.start(box, 'push');
    let breaking: Promise<unknown> | undefined;
    const root = { path: join(this.vm.home, 'faults'), as: 'faults', exclude: [] };
    try {
      return await sendFiles({ input: ssh.stdin, output: ssh.stdout }, localFiles(root, silent), {
        client: 'test',
        progress: ({ sentBytes }) => {
          if (sentBytes < after || breaking !== undefined) return;
          // The line is gone with the box; its end here would notice only after a minute.
          breaking = Promise.resolve(kill?.()).then(() => ssh.kill('SIGKILL'));
        },
      }).then(
        () => 'committed',
        () => 'broken',
      );
    } finally {
      ssh.kill();
      await breaking;
    }
  }
}
