import { cpus } from 'node:os';
import { join } from 'node:path';
import { VM_NODE_OPTIONS } from '../cli/vm/units';
import { BUCKET, sshOptions } from '../test/support/intake-stage';
import { figureTable, measure, type Measured } from './measure';
import { changeLogs, writeLogs } from './push/files';
import { Watch, type Taken } from './push/watch';
import { type PushScene, setPushScene } from './push/scene';

/** What is asked for on the command line. */
export interface PushOptions {
  readonly json: boolean;
  readonly megabytes: number;
  readonly files: number;
}

interface OnePush extends Measured {
  readonly boxPeakRssMb: number;
  readonly cpu: Readonly<Record<string, number>>;
  readonly sentBytes: number;
  readonly unchanged: number;
}

const MEGABYTE = 1_000_000;

/** Words of ssh with another port: the tunnel's. */
const through = ({ stage }: PushScene, port: number): string[] =>
  stage.ssh.map((word) => (word === String(stage.port) ? String(port) : word));

function watch(scene: PushScene): Watch {
  return new Watch({
    vm: (words) => words.includes(scene.vm),
    box: (words) => words.includes(scene.stage.program),
    near: (words) => words.includes('/near.js'),
    far: (words) => words.includes('/far.js'),
    s3: (words) => words.includes('moto_server.py'),
    aws: (words) => words.includes('s3 cp'),
    sshd: (words) => words.includes('sshd'),
    ssh: (words) => /^(ssh|scp|\S+sftp-server|\S*\/ssh) /.test(words),
  });
}

const rounded = (value: number): number => Number(value.toFixed(3));

const cpuOf = (taken: Readonly<Record<string, Taken>>): Record<string, number> =>
  Object.fromEntries(Object.entries(taken).map(([role, { cpuSeconds }]) => [role, rounded(cpuSeconds)]));

async function pushOnce(scene: PushScene): Promise<OnePush> {
  const watched = watch(scene);
  const words = [scene.vm, join(scene.directory, 'logs'), ...through(scene, scene.intakePort)];
  try {
    const measured = await measure([process.execPath, ...VM_NODE_OPTIONS, ...words], process.env);
    const said = JSON.parse(measured.stdout) as { sentBytes: number; unchanged: number };
    const taken = watched.stop();
    return { ...measured, ...said, boxPeakRssMb: taken.box?.peakRssMb ?? Number.NaN, cpu: cpuOf(taken) };
  } finally {
    watched.stop();
  }
}

/** What one would do without a program: copy the folder to the box, and from there into the bucket. */
async function rival(scene: PushScene): Promise<{ seconds: number; cpu: Record<string, number> }> {
  const watched = watch(scene);
  const { shell, shellPort, directory } = scene;
  const target = `${shell.user}@127.0.0.1:${join(directory, 'box')}`;
  const words = [
    '-q',
    '-r',
    ...sshOptions(shell.key),
    '-P',
    String(shellPort),
    join(directory, 'logs'),
    target,
  ];
  const copied = await measure(['scp', ...words], process.env);
  const stored = await measure(
    [scene.aws, 's3', 'cp', '--recursive', '--quiet', join(scene.directory, 'box'), `s3://${BUCKET}/rival/`],
    {
      ...process.env,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL: scene.stage.endpoint,
      AWS_DEFAULT_REGION: 'us-east-1',
    },
  );
  return { seconds: copied.seconds + stored.seconds, cpu: cpuOf(watched.stop()) };
}

async function measureAll(scene: PushScene, options: PushOptions, say: (line: string) => void) {
  say(`writing ${options.megabytes} MB of logs in ${options.files} files`);
  writeLogs(join(scene.directory, 'logs'), options.files, options.megabytes * MEGABYTE);
  say('the first push');
  const first = await pushOnce(scene);
  changeLogs(join(scene.directory, 'logs'), options.files);
  say('the second push');
  const second = await pushOnce(scene);
  say('scp -r and aws s3 cp --recursive');
  return { first, second, rival: await rival(scene) };
}

const TARGETS: readonly (readonly [string, string])[] = [
  ['timesFasterThanScp', '>= 5      scp -r through the same tunnel, then aws s3 cp --recursive'],
  ['secondPushByteRatio', '<= 0.02   of the first push’s bytes on the line, 1 % of the files changed'],
  ['peakRssMb', '<= 150    MB, of the machine’s side or the box’s, whichever is more'],
];

/** Measures handing files in through the tunnel, and again after a change, next to scp and the AWS CLI. */
export async function benchPush(options: PushOptions): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const scene = await setPushScene(say);
  try {
    const { first, second, rival: theirs } = await measureAll(scene, options, say);
    const peaks = [first, second].flatMap(({ peakRssMb = Number.NaN, boxPeakRssMb }) => [
      peakRssMb,
      boxPeakRssMb,
    ]);
    const seconds = { first: [first.seconds], second: [second.seconds], scpAndCp: [theirs.seconds] };
    const summary = {
      timesFasterThanScp: rounded(theirs.seconds / first.seconds),
      secondPushByteRatio: rounded(second.sentBytes / first.sentBytes),
      peakRssMb: rounded(Math.max(...peaks)),
      peakRssMbs: peaks.map(rounded),
      sentBytes: [first.sentBytes, second.sentBytes],
      unchanged: second.unchanged,
      seconds,
      cpuSeconds: { first: first.cpu, second: second.cpu, scpAndCp: theirs.cpu },
      cpus: cpus().length,
      notes: [
        `${options.megabytes} MB of logs in ${options.files} files. Both ends, the tunnel's two, both SSH ends and S3 (moto) share the cores: without a network's limit the processor decides, which is the rival's best case.`,
        'peakRssMbs: machine and box of the first push, machine and box of the second.',
      ],
    };
    const text = options.json ? JSON.stringify(summary) : figureTable(summary, TARGETS, seconds, 's');
    process.stdout.write(`${text}\n`);
  } finally {
    await scene.stop();
  }
}
