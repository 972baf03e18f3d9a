import { once } from 'node:events';
import { appendFileSync, chmodSync, closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { moveBelow } from './paths';
import type { BoxSpawn } from './service-runner';
import { failed, said, type StandInReply } from './stand-ins';
import type { UserDataPart } from './user-data';

/** What cloud-init needs of its box. */
export interface BootHost {
  readonly root: string;
  readonly spawn: BoxSpawn;
}

/** How a boot stands: cloud-init's own words. */
export type BootStatus = 'running' | 'done' | 'error';

/**
 * Stands for cloud-init: boothooks at every boot, before the agent and the services; scripts at the end of the first boot.
 * All scripts run, even after one failed; the boot is then in `error`.
 * Source: https://cloudinit.readthedocs.io/en/22.2.2/topics/boot.html (Amazon Linux 2023 has 22.2.2).
 */
export class CloudInit {
  status: BootStatus = 'running';
  private readonly problems: string[] = [];
  private readonly logFile: string;
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly host: BootHost,
    private readonly parts: readonly UserDataPart[],
    private readonly instanceId: string,
  ) {
    this.logFile = join(host.root, 'var/log/cloud-init-output.log');
  }

  async runBoothooks(): Promise<void> {
    this.note(`Cloud-init running 'init-local' at ${new Date().toUTCString()}.`);
    await this.runParts('boothook', 'boothooks', { INSTANCE_ID: this.instanceId });
  }

  /** Runs the scripts unless an earlier boot has, and decides how the boot ended. */
  async finish(): Promise<void> {
    const finished = join(this.host.root, 'var/lib/cloud/instance/boot-finished');
    if (!existsSync(finished)) await this.runParts('script', 'scripts', {});
    this.status = this.problems.length === 0 ? 'done' : 'error';
    writeFileSync(finished, `${new Date().toUTCString()}\n`);
    this.note(`Cloud-init finished at ${new Date().toUTCString()}: ${this.status}.`);
    for (const wake of this.waiting) wake();
  }

  /** Stands for `cloud-init status [--wait] [--long]`: exit code 1 when the boot failed. */
  async command(args: readonly string[]): Promise<StandInReply> {
    if (args[0] !== 'status') {
      return failed(`The lab's cloud-init knows "status [--wait] [--long]"; not "${args.join(' ')}".`, 2);
    }
    if (args.includes('--wait') && this.status === 'running') {
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
    const code = this.status === 'error' ? 1 : 0;
    if (!args.includes('--long')) return { code, output: `status: ${this.status}\n` };
    const detail = this.problems.length === 0 ? 'DataSourceEc2Local' : this.problems.join('\n');
    return { ...said(`status: ${this.status}\ntime: ${new Date().toUTCString()}\ndetail:\n${detail}`), code };
  }

  private note(line: string): void {
    appendFileSync(this.logFile, `${line}\n`);
  }

  private async runParts(
    kind: UserDataPart['kind'],
    directory: string,
    environment: Readonly<Record<string, string>>,
  ): Promise<void> {
    for (const [index, part] of this.parts.entries()) {
      if (part.kind !== kind) continue;
      const name = `part-${String(index + 1).padStart(3, '0')}`;
      const path = join(this.host.root, 'var/lib/cloud/instance', directory, name);
      writeFileSync(path, moveBelow(this.host.root, part.text));
      chmodSync(path, 0o700);
      const code = await this.runScript(path, environment);
      if (code === 0) continue;
      this.problems.push(`('scripts_user', RuntimeError('Runparts: ${name} failed with exit code ${code}'))`);
      this.note(`Failed running ${path} [${code}]`);
    }
  }

  private async runScript(path: string, environment: Readonly<Record<string, string>>): Promise<number> {
    const output = openSync(this.logFile, 'a');
    try {
      const child = this.host.spawn([path], { environment, output });
      const [code] = (await once(child, 'exit')) as [number | null];
      return code ?? 137;
    } catch (error) {
      this.note(`${path} could not be run: ${String(error)}`);
      return 126;
    } finally {
      closeSync(output);
    }
  }
}
