import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Door, openDoor } from '../network/door';
import { layLine, Namespace } from '../network/namespace';
import { type Ended, runWithin } from '../network/run-within';
import { type SshMachine, startSshMachine } from '../network/ssh-machine';
import { LAB_VARIABLE, labProcessesOf } from '../processes';
import type { RunningLab } from '../start';

/** What AWS offers that a backup VM needs: its own functions, sessions, keys, and to know who it is. */
const SERVICES = ['lambda', 'ssm', 'ec2-instance-connect', 'sts'];

const SSH_PORT = 22;

/** Long-term keys of an IAM user. */
export interface AccessKey {
  readonly arn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Makes an IAM user with an access key, as an account's owner does for a machine outside of AWS. */
export async function makeUser(name: string): Promise<AccessKey> {
  const iam = new IAMClient();
  try {
    const { User } = await iam.send(new CreateUserCommand({ UserName: name }));
    const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
    return {
      arn: User?.Arn ?? '',
      accessKeyId: key?.AccessKeyId ?? '',
      secretAccessKey: key?.SecretAccessKey ?? '',
    };
  } finally {
    iam.destroy();
  }
}

/**
 * A backup VM and its neighbour, each in a network of its own: a line between the two, and from the VM a way to the services
 * of AWS that it needs. No line leads to S3, to a box, or to the database.
 */
export class BackupVm {
  private constructor(
    private readonly lab: RunningLab,
    private readonly key: AccessKey,
    /** Files of the VM; a file here is nobody else's. */
    readonly home: string,
    readonly vm: Namespace,
    readonly neighbour: SshMachine,
    readonly door: Door,
    /** This machine's end of the VM's line: where AWS is. */
    readonly aws: string,
    private readonly ends: readonly (() => Promise<void>)[],
  ) {}

  /** Needs root: see `whyNoNamespaces`. What was made is taken down again when a later part fails. */
  static async make(lab: RunningLab, key: AccessKey): Promise<BackupVm> {
    const ends: (() => Promise<void>)[] = [];
    try {
      return await BackupVm.build(lab, key, ends);
    } catch (error) {
      for (const end of [...ends].reverse()) await end();
      throw error;
    }
  }

  private static async build(
    lab: RunningLab,
    key: AccessKey,
    ends: (() => Promise<void>)[],
  ): Promise<BackupVm> {
    const processes = labProcessesOf(lab.id);
    const home = mkdtempSync(join(tmpdir(), 'vm-'));
    ends.push(() => {
      rmSync(home, { recursive: true, force: true });
      return Promise.resolve();
    });
    const [vm, other] = [await Namespace.make(processes), await Namespace.make(processes)];
    ends.push(
      () => vm.end(),
      () => other.end(),
    );
    const [toAws, toOther] = [layLine(vm), layLine(other, vm)];
    const directory = join(home, 'neighbour');
    mkdirSync(directory);
    const neighbour = await startSshMachine(processes, {
      directory,
      address: toOther.there,
      port: SSH_PORT,
      within: other.within,
    });
    ends.push(() => neighbour.stop());
    BackupVm.introduce(home, vm, neighbour);
    const door = await openDoor({ endpoint: lab.endpoint, address: toAws.here, services: SERVICES });
    ends.push(() => door.stop());
    return new BackupVm(lab, key, home, vm, neighbour, door, toAws.here, ends);
  }

  /** The VM's administrator has told OpenSSH how to reach the neighbour, and its host key. */
  private static introduce(home: string, vm: Namespace, neighbour: SshMachine): void {
    const known = join(home, 'known_hosts');
    writeFileSync(known, neighbour.hostKey);
    const lines = [
      'Host neighbour',
      `  HostName ${neighbour.address}`,
      `  User ${neighbour.user}`,
      `  IdentityFile ${neighbour.key}`,
      `  UserKnownHostsFile ${known}`,
      '  StrictHostKeyChecking yes',
      '',
    ];
    const file = join(home, 'ssh_config');
    writeFileSync(file, lines.join('\n'));
    vm.show(file, '/etc/ssh/ssh_config');
  }

  /** Variables of the VM's programs: its own keys, and its own way to AWS. */
  get environment(): Record<string, string> {
    const { PATH = '', TMPDIR = tmpdir() } = process.env;
    return {
      [LAB_VARIABLE]: this.lab.id,
      PATH,
      TMPDIR,
      HOME: this.home,
      AWS_ENDPOINT_URL: this.door.url,
      AWS_REGION: process.env.AWS_REGION ?? '',
      AWS_DEFAULT_REGION: process.env.AWS_REGION ?? '',
      AWS_ACCESS_KEY_ID: this.key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.key.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      NO_PROXY: '*',
    };
  }

  /** Runs a program on the VM, with its credentials. */
  run(words: readonly string[], input = ''): Promise<Ended> {
    return runWithin(words, { space: this.vm, directory: this.home, environment: this.environment, input });
  }

  async end(): Promise<void> {
    for (const end of [...this.ends].reverse()) await end();
  }
}
