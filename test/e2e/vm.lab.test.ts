/**
 * The backup VM from end to end: its own credentials and network, a neighbour, the tunnel, the box's real SSH server with its
 * forced command, receipts in the bucket.
 */
import { EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { localFiles } from '../../cli/push/local';
import { sendFiles } from '../../cli/push/send';
import { EXIT } from '../../contract/exit-codes';
import { OUTPUTS, sourceOutput } from '../../contract/outputs';
import { openBox } from '../../lab/demo/boxes';
import { Cloud } from '../../lab/demo/cloud';
import { type AccessKey, BackupVm, makeUser } from '../../lab/demo/vm';
import type { Ended } from '../../lab/network/run-within';
import { whyNoSshd } from '../../lab/ec2/sshd';
import { whyNoNamespaces } from '../../lab/network/namespace';
import { PROGRAM } from '../cli/child';
import { type Deployed, deployInLab } from '../support/deployed';
import { SourceObjects } from '../support/receipts';
import { VmLine } from '../support/vm-line';

interface Pushed {
  readonly key: string;
  readonly sentBytes: number;
  readonly unread: readonly { readonly path: string; readonly reason: string }[];
}

const silent = (): void => undefined;
const lacking = whyNoSshd() ?? whyNoNamespaces();
/** Said when a test of chance fails, so that it can be run again: DRAWBRIDGE_SEED. */
const seed = Number(process.env.DRAWBRIDGE_SEED ?? randomInt(2 ** 31));

let deployed: Deployed;
let cloud: Cloud;
let s3: S3Client;
let ec2: EC2Client;
let stored: SourceObjects;
let vm: BackupVm;
let names: { readonly createFunction: string; readonly destroyFunction: string; readonly document: string };

function outputOf(name: string): string {
  const value = deployed.outputs[name];
  if (value === undefined) throw new Error(`There is no output ${name}.`);
  return value;
}

beforeAll(async () => {
  let key: AccessKey | undefined;
  deployed = await deployInLab(
    [
      'jumpHost=none',
      'intakeSources=[{"name":"web","principal":"arn:aws:iam::123456789012:user/vm"},{"name":"other"}]',
    ],
    async () => {
      key = await makeUser('vm');
    },
  );
  [cloud, s3, ec2] = [new Cloud(), new S3Client(), new EC2Client()];
  stored = new SourceObjects(s3, deployed.outputs.BackupBucketName ?? '', 'web');
  names = {
    createFunction: outputOf(sourceOutput('web', 'createFunction')),
    destroyFunction: outputOf(sourceOutput('web', 'destroyFunction')),
    document: outputOf(OUTPUTS.intakeDocument),
  };
  if (key !== undefined && lacking === undefined) vm = await BackupVm.make(deployed.lab, key);
}, 300_000);

afterAll(async () => {
  for (const client of [s3, ec2]) client.destroy();
  if (lacking === undefined) await vm.end();
  await deployed.stop();
}, 60_000);

const open = (): Promise<string> =>
  openBox(cloud, { CreateFunctionName: names.createFunction }, {}, silent).then(async ({ instanceId }) => {
    // Online is not installed: the SSH server of an intake box comes last.
    await cloud.runDocument(
      'AWS-RunShellScript',
      instanceId,
      { commands: ['cloud-init status --wait'] },
      silent,
    );
    return instanceId;
  });

if (lacking !== undefined)
  test('without root an intake box does not finish its boot: it has no SSH server', async () => {
    const { instanceId } = await openBox(cloud, { CreateFunctionName: names.createFunction }, {}, silent);
    const commands = ['cloud-init status --wait'];
    const { stdout } = await cloud.runDocument('AWS-RunShellScript', instanceId, { commands }, silent);
    expect(stdout).toContain('status: error');
  }, 120_000);
else {
  const config = (name: string, more: object = {}): string => {
    const file = join(vm.home, name);
    const paths = [
      { path: join(vm.home, 'own'), as: 'vm' },
      { path: join(vm.home, 'of-the-neighbour'), host: 'neighbour', as: 'neighbour' },
    ];
    const { createFunction, destroyFunction } = names;
    writeFileSync(file, JSON.stringify({ createFunction, destroyFunction, paths, ...more }));
    return file;
  };
  const push = async (file: string): Promise<Ended & { readonly pushed: Pushed }> => {
    const ended = await vm.run([process.execPath, PROGRAM, 'push', '--config', file, '--json']);
    return { ...ended, pushed: JSON.parse(ended.stdout === '' ? '{}' : ended.stdout) as Pushed };
  };

  test('the VM reaches neither S3 nor the database, nor anything else of AWS but its way in', async () => {
    const { DatabaseEndpoint = '', DatabasePort = '' } = deployed.outputs;
    const { port } = new URL(deployed.lab.endpoint);
    const targets = [
      ['127.0.0.1', port],
      [vm.aws, port],
      [DatabaseEndpoint, DatabasePort],
      [vm.aws, DatabasePort],
      ['192.0.2.1', '443'],
    ];
    const script = `for (const [host, port] of ${JSON.stringify(targets)}) require('net').connect(port, host)
      .on('connect', () => { console.log('reached', host, port); process.exit(1); }).on('error', (error) => console.log(error.code))`;
    const tried = await vm.run([process.execPath, '-e', script]);
    expect(tried).toMatchObject({ code: 0, stderr: '' });
    const codes = tried.stdout.trim().split('\n');
    expect(codes).toHaveLength(targets.length);
    for (const code of codes)
      expect(code).toMatch(/^(ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/);
    // By its one way to AWS, S3 and the others give no answer; its own identity does.
    for (const words of [
      ['s3', 'ls'],
      ['rds', 'describe-db-instances'],
      ['secretsmanager', 'list-secrets'],
    ]) {
      const refused = await vm.run(['aws', ...words]);
      expect([refused.code === 0, refused.stdout]).toEqual([false, '']);
    }
    const who = await vm.run(['aws', 'sts', 'get-caller-identity', '--output', 'text']);
    expect(who.stdout).toContain(':user/vm');
  }, 120_000);

  test('push gathers here and from the neighbour, and a second one sends almost nothing', async () => {
    for (const name of ['own', 'of-the-neighbour'])
      mkdirSync(join(vm.home, name, 'log'), { recursive: true });
    for (let at = 0; at < 40; at += 1) {
      const lines = Array.from(
        { length: 2_000 },
        (_, line) => `${at} ${line} ${(line * 7919 * (at + 1)) % 104_729}\n`,
      );
      writeFileSync(
        join(vm.home, at % 2 === 0 ? 'own' : 'of-the-neighbour', 'log', `${at}.log`),
        lines.join(''),
      );
    }
    const first = await push(config('push.json', { channels: 2 }));
    expect(first).toMatchObject({ code: EXIT.ok, pushed: { unread: [] } });
    const receipt = await stored.receipt(first.pushed.key);
    expect(receipt).toMatchObject({ source: 'web', by: 'push', files: 40, unchanged: 0, refused: 0 });
    const files = await stored.files(receipt);
    expect(files).toHaveLength(40);
    const [own, other] = ['vm/log/0.log', /^neighbour\/.*\/1\.log$/].map((name) =>
      files.find(({ path }) => (typeof name === 'string' ? path === name : name.test(path))),
    );
    if (own === undefined || other === undefined) throw new Error('A file is not listed.');
    expect(await stored.content(own)).toEqual(readFileSync(join(vm.home, 'own/log/0.log')));
    expect(await stored.content(other)).toEqual(readFileSync(join(vm.home, 'of-the-neighbour/log/1.log')));
    // The box is gone with the push.
    expect(await cloud.liveInstances()).toEqual([]);

    const second = await push(config('push.json'));
    expect(await stored.receipt(second.pushed.key)).toMatchObject({ files: 40, unchanged: 40 });
    expect(second.pushed.sentBytes).toBeLessThan(first.pushed.sentBytes / 10);

    // A neighbour that is away does not stop the others, and the exit code says so.
    const paths = [
      { path: '/etc/hostname', host: 'root@192.0.2.1' },
      { path: join(vm.home, 'own'), as: 'vm' },
    ];
    const third = await push(config('away.json', { paths }));
    expect(third.code).toBe(EXIT.someRefused);
    expect(third.pushed.unread.map(({ path }) => path)).toEqual(['root@192.0.2.1:/etc/hostname']);
    expect(await stored.receipt(third.pushed.key)).toMatchObject({ files: 20, unchanged: 20 });
  }, 300_000);

  const line = (): VmLine => new VmLine(vm, names.document);

  test('a plain tar stream is taken; nothing else is possible on the box, and the key is gone after its minute', async () => {
    const box = await open();
    const before = await stored.receipts();
    // Without a key nobody comes in.
    expect((await vm.run([...line().words(box, 'intake'), 'tar'])).stderr).toContain(
      'Permission denied (publickey)',
    );
    await line().sendKey(box, 'intake');
    const quoted = line()
      .words(box, 'intake')
      .map((word) => `'${word}'`)
      .join(' ');
    const tar = await vm.run(['bash', '-o', 'pipefail', '-c', `tar -C '${vm.home}' -c own | ${quoted} tar`]);
    expect(tar.code).toBe(EXIT.ok);
    const { key } = JSON.parse(tar.stdout.trim().split('\n').at(-1) ?? '{}') as { key: string };
    expect(await stored.receipt(key)).toMatchObject({ by: 'tar', files: 20, box });
    expect(await stored.receipts()).toEqual([...before, key]);

    await line().sendKey(box, 'intake');
    for (const command of [['id'], ['sh', '-i'], ['push; id'], ['cat /opt/drawbridge/box.env']]) {
      const refused = await vm.run([...line().words(box, 'intake'), ...command]);
      expect(refused.code).toBe(EXIT.usage);
      expect(refused.stdout).toBe('');
      expect(refused.stderr).toContain('Nothing can be run here');
    }
    const sftp = await vm.run([...line().words(box, 'intake', ['-s']), 'sftp']);
    expect([sftp.code === 0, sftp.stdout]).toEqual([false, '']);
    const { port } = new URL(deployed.lab.endpoint);
    const forwards = [
      ['-W', `127.0.0.1:${port}`],
      ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1'],
      ['-N', '-o', 'ExitOnForwardFailure=yes', '-w', 'any'],
    ];
    for (const forward of forwards) {
      const refused = await vm.run(line().words(box, 'intake', forward));
      expect([refused.code, refused.stdout]).toEqual([255, '']);
    }
    // Keys for others are sent, which IAM would not even allow here; the server lets none of them in.
    for (const user of ['ec2-user', 'root', 'ec2-instance-connect', 'sshd']) {
      await line().sendKey(box, user);
      expect((await vm.run([...line().words(box, user), 'id'])).stderr).toContain(
        'Permission denied (publickey)',
      );
    }
    await line().sendKey(box, 'intake');
    await deployed.order('/lab/clock', { advanceSeconds: 61 });
    expect((await vm.run([...line().words(box, 'intake'), 'tar'])).stderr).toContain(
      'Permission denied (publickey)',
    );
    await cloud.invoke(names.destroyFunction, { instanceId: box });
  }, 300_000);

  test('two sessions carry one push', async () => {
    const box = await open();
    await line().sendKey(box, 'intake');
    const first = line().start(box, 'push');
    let greeted: () => void = silent;
    const joined = new Promise<void>((resolve) => (greeted = resolve));
    let second: typeof first | undefined;
    const files = async function* () {
      await joined;
      yield* localFiles({ path: join(vm.home, 'own'), as: 'by-two', exclude: [] }, silent);
    };
    try {
      const { key, receipt } = await sendFiles({ input: first.stdin, output: first.stdout }, files(), {
        client: 'test',
        further: {
          count: 1,
          open: (token) => {
            second = line().start(box, `channel ${token}`);
            second.stdout.once('data', greeted);
            return Promise.resolve({ input: second.stdin, output: second.stdout });
          },
          unopened: silent,
        },
      });
      expect(receipt).toMatchObject({ files: 20, refused: 0 });
      expect(await stored.files(await stored.receipt(key))).toHaveLength(20);
    } finally {
      for (const one of [first, second]) one?.kill();
      await cloud.invoke(names.destroyFunction, { instanceId: box });
    }
  }, 300_000);

  test('lines cut and boxes killed at any stage: receipts list only what is there', async () => {
    mkdirSync(join(vm.home, 'faults'));
    let random = seed;
    const next = (below: number): number => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
      return (random >>> 8) % below;
    };
    const FILES = 12;
    const BYTES = 300_000;
    const fill = (): void => {
      for (let at = 0; at < FILES; at += 1) {
        const bytes = Buffer.alloc(BYTES);
        for (let byte = 0; byte < BYTES; byte += 1) bytes[byte] = next(256);
        writeFileSync(join(vm.home, 'faults', `${at}.bin`), bytes);
      }
    };
    const before = await stored.receipts();
    const outcomes: string[] = [];
    const kill = (box: string) => async (): Promise<void> => {
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [box], SkipOsShutdown: true }));
      while ((await cloud.stateOf(box)) !== 'terminated') await sleep(50);
    };
    for (const how of ['line', 'line', 'box', 'box'] as const) {
      fill();
      const box = await open();
      await line().sendKey(box, 'intake');
      const after = next(FILES * BYTES);
      outcomes.push(
        `${how} after ${after} bytes: ${await line().breakOff(box, after, how === 'line' ? undefined : kill(box))}`,
      );
      await cloud.invoke(names.destroyFunction, { instanceId: box });
      expect([await stored.missing(), seed]).toEqual([[], seed]);
    }
    const committed = outcomes.filter((outcome) => outcome.endsWith('committed')).length;
    const receipts = await stored.receipts();
    expect([receipts.length - before.length, outcomes]).toEqual([committed, outcomes]);
    // Whatever happened before, a whole push is taken and everything of it is there.
    const paths = [{ path: join(vm.home, 'faults'), as: 'faults' }];
    const { pushed } = await push(config('faults.json', { paths }));
    expect(await stored.receipt(pushed.key)).toMatchObject({ files: FILES, refused: 0 });
    for (const file of await stored.files(await stored.receipt(pushed.key)))
      expect(await stored.content(file)).toEqual(readFileSync(join(vm.home, file.path)));
  }, 300_000);
}
