import { AttachUserPolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OUTPUTS, sourceOutput } from '../../contract/outputs';
import { receipt as receiptSchema, type Receipt } from '../../contract/intake-protocol';
import { whyNoSshd } from '../ec2/sshd';
import { whyNoNamespaces } from '../network/namespace';
import type { RunningLab } from '../start';
import type { Cloud } from './cloud';
import type { Outputs } from './outputs';
import type { Progress, Timeline } from './timeline';
import { BackupVm, makeUser } from './vm';

/** The source of the demo's stack. */
export const SOURCE = 'web';

/** Words that deploy the app with it. */
export const INTAKE_SETTINGS = ['-c', `intakeSources=[{"name":"${SOURCE}"}]`] as const;

const PROGRAM = join(__dirname, '..', '..', 'bin', 'drawbridge.mjs');
const FILES = 60;
const LINES = 4_000;

const kibibytes = (bytes: number): string => `${Math.ceil(bytes / 1024).toLocaleString('en')} KiB`;

/** Attaches a policy to a user. */
async function permit(UserName: string, PolicyArn: string): Promise<void> {
  const iam = new IAMClient();
  try {
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
  } finally {
    iam.destroy();
  }
}

/** Logs on two machines, as if they had been there for long. */
function writeLogs(vm: BackupVm): void {
  for (const machine of ['vm', 'neighbour']) {
    mkdirSync(join(vm.home, `${machine}-log`), { recursive: true });
    for (let file = 0; file < FILES / 2; file += 1) {
      const line = (at: number): string =>
        `2026-11-22T03:00:00Z ${machine} request ${file * LINES + at} took ${(at * 7919) % 997} ms\n`;
      const text = Array.from({ length: LINES }, (_, at) => line(at)).join('');
      writeFileSync(join(vm.home, `${machine}-log`, `app-${file}.log`), text);
    }
  }
}

function writeConfig(vm: BackupVm, output: (name: string) => string): void {
  const config = {
    createFunction: output(sourceOutput(SOURCE, 'createFunction')),
    destroyFunction: output(sourceOutput(SOURCE, 'destroyFunction')),
    paths: [
      { path: join(vm.home, 'vm-log'), as: 'vm' },
      { path: join(vm.home, 'neighbour-log'), host: 'neighbour', as: 'neighbour' },
    ],
  };
  writeFileSync(join(vm.home, 'push.json'), JSON.stringify(config));
}

interface Pushed {
  readonly sentBytes: number;
  readonly receipt: Receipt;
}

async function push(vm: BackupVm, cloud: Cloud, bucket: string, progress: Progress): Promise<Pushed> {
  progress('drawbridge push');
  const words = [process.execPath, PROGRAM, 'push', '--config', join(vm.home, 'push.json'), '--json'];
  const { code, stdout, stderr } = await vm.run(words);
  if (code !== 0) throw new Error(`drawbridge push ended with ${String(code)}:\n${stderr}`);
  const { key, sentBytes } = JSON.parse(stdout) as { key: string; sentBytes: number };
  // As an operator finds it, not as the VM says.
  return { sentBytes, receipt: receiptSchema.parse(JSON.parse(await cloud.read(bucket, key))) };
}

/** What the VM gets when it tries by itself; throws when it gets through. */
async function refusals(vm: BackupVm, lab: RunningLab, outputs: Outputs): Promise<string> {
  const s3 = await vm.run(['aws', 's3', 'ls', `s3://${outputs.BackupBucketName}`]);
  if (s3.code === 0) throw new Error('The VM has listed the bucket.');
  const direct = [new URL(lab.endpoint).port, outputs.DatabasePort];
  for (const port of direct) {
    const tried = await vm.run(['curl', '-s', '-m', '5', `http://${vm.aws}:${port}`]);
    if (tried.code === 0) throw new Error(`The VM has reached ${vm.aws}:${port}.`);
  }
  return `aws s3 ls: ${
    s3.stderr
      .trim()
      .split(/\n| from endpoint/)
      .find(Boolean) ?? ''
  }\nS3 and the database by their addresses: no connection`;
}

/**
 * The machine that hands files in: in a network of its own, with keys that may do almost nothing. Where this machine cannot show
 * it, a sentence says why.
 */
export async function handFilesIn(
  cloud: Cloud,
  lab: RunningLab,
  outputs: Outputs,
  timeline: Timeline,
): Promise<void> {
  const lacking = whyNoSshd() ?? whyNoNamespaces();
  if (lacking !== undefined) {
    timeline.say(`    Left out: the backup VM that hands files in through a box: ${lacking}`);
    return;
  }
  const bucket = outputs.BackupBucketName;
  const output = (name: string): string => {
    const value = (outputs as Readonly<Record<string, string | undefined>>)[name];
    if (value === undefined) throw new Error(`The stack has no output ${name}.`);
    return value;
  };
  const vm = await timeline.step(
    'A backup VM and its neighbour, each in a network of its own',
    async () => {
      const key = await makeUser('backup-vm');
      await permit('backup-vm', output(sourceOutput(SOURCE, 'policy')));
      const made = await BackupVm.make(lab, key);
      writeLogs(made);
      writeConfig(made, output);
      return made;
    },
    {
      outcome: () =>
        `its keys open boxes of the source ${SOURCE}, sessions by ${output(OUTPUTS.intakeDocument)}, and nothing else`,
    },
  );
  try {
    const first = await timeline.step(
      'It gathers from its neighbour and hands in: drawbridge push',
      (progress) => push(vm, cloud, bucket, progress),
      {
        outcome: ({ receipt, sentBytes }) =>
          `${receipt.files} files, ${kibibytes(receipt.bytes)}, of which ${kibibytes(sentBytes)} went over the line; through ${receipt.box}`,
      },
    );
    await timeline.step('It tries S3 and the database itself', () => refusals(vm, lab, outputs));
    await timeline.step(
      'It pushes again',
      async (progress) => {
        const second = await push(vm, cloud, bucket, progress);
        if (second.receipt.unchanged !== first.receipt.files)
          throw new Error('Files were sent that had not changed.');
        return second;
      },
      {
        outcome: ({ receipt, sentBytes }) =>
          `${receipt.unchanged} of ${receipt.files} files are there already; ${kibibytes(sentBytes)} went over the line`,
      },
    );
  } finally {
    await vm.end();
  }
}
