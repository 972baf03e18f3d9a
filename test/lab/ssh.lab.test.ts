/** Boxes with the real SSH server: users of their own, and keys of EC2 Instance Connect. */
import { EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { EC2InstanceConnectClient, SendSSHPublicKeyCommand } from '@aws-sdk/client-ec2-instance-connect';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clockOf } from '../../lab/clock';
import type { Box } from '../../lab/ec2/box';
import { boxesOf } from '../../lab/ec2/boxes';
import { whyNoSshd } from '../../lab/ec2/sshd';
import { faultsOf } from '../../lab/faults';
import { labProcesses } from '../../lab/processes';
import { startComputeLab, type ComputeLab } from './compute-lab';
import { describe as describeInstance, eventually, inState, launch, makeRole } from './fixtures';

let lab: ComputeLab;
let ec2: EC2Client;
let connect: EC2InstanceConnectClient;
let directory: string;

beforeAll(async () => {
  lab = await startComputeLab();
  ec2 = new EC2Client(lab.access);
  connect = new EC2InstanceConnectClient(lab.access);
  await makeRole(lab, 'box');
  directory = mkdtempSync(join(tmpdir(), 'ssh-'));
  for (const type of ['ed25519', 'ecdsa'])
    spawnSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', join(directory, type)]);
}, 120_000);

afterAll(async () => {
  for (const client of [ec2, connect]) client.destroy();
  await lab.stop();
  rmSync(directory, { recursive: true });
  expect(labProcesses().filter((process) => process.lab === lab.context.id)).toEqual([]);
}, 60_000);

/** Launches a box and waits for the end of its boot: cloud-init's own word for it. */
async function boot(
  userData: string,
): Promise<{ readonly id: string; readonly box: Box; readonly status: string }> {
  const id = await launch(ec2, 'box', userData);
  const box = await eventually(() => boxesOf(lab.context).get(id));
  const log = join(box.root, 'var/log/cloud-init-output.log');
  const status = await eventually(() => {
    try {
      return /Cloud-init finished at .*: (\w+)\./.exec(readFileSync(log, 'utf8'))?.[1];
    } catch {
      return undefined;
    }
  });
  return { id, box, status };
}

const send = (InstanceId: string, InstanceOSUser: string, key = 'ed25519') =>
  connect.send(
    new SendSSHPublicKeyCommand({
      InstanceId,
      InstanceOSUser,
      SSHPublicKey: key.includes(' ') ? key : readFileSync(join(directory, `${key}.pub`), 'utf8'),
    }),
  );

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Not by spawnSync: the box's metadata service answers in this very process. */
async function ssh(box: Box, user: string, command: string, port = 22): Promise<Ended> {
  const host = box.portFor(port);
  if (host === undefined) throw new Error(`Nothing of the box listens on ${port}.`);
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
  ];
  const words = options.flatMap((one) => ['-o', one]);
  const key = join(directory, 'ed25519');
  const to = ['-p', String(host), `${user}@127.0.0.1`, command];
  const child = spawn('ssh', ['-F', 'none', '-i', key, ...words, ...to], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

const lacking = whyNoSshd();

if (lacking !== undefined)
  test('without root the lab says why no box has an SSH server, and the box boots all the same', async () => {
    const { id, box, status } = await boot('#!/bin/sh\ntrue\n');
    expect(status).toBe('done');
    expect((await describeInstance(ec2, id)).State?.Name).toBe('running');
    expect(box.portFor(22)).toBeUndefined();
    expect(lab.log.join('\n')).toContain(lacking);
  });
else {
  test('a key lets one user in for a minute, and nobody else', async () => {
    const { id, box, status } = await boot(
      '#!/bin/sh\nset -e\nuseradd other\nuseradd -r -M -d / -s /bin/sh system\n',
    );
    expect(status).toBe('done');
    expect((await ssh(box, 'ec2-user', 'true')).status).toBe(255);
    expect(await send(id, 'ec2-user')).toMatchObject({ Success: true });
    const who = await ssh(
      box,
      'ec2-user',
      'whoami; id -u; echo $HOME; echo $AWS_ENDPOINT_URL; command -v ls',
    );
    const home = join(box.root, 'home/ec2-user');
    expect(who.stdout).toBe(
      ['ec2-user', '1000', home, lab.context.endpoint, join(box.root, 'usr/bin/ls'), ''].join('\n'),
    );
    expect((await ssh(box, 'ec2-user', 'exit 7')).status).toBe(7);
    // The key is another user's.
    for (const user of ['other', 'system', 'root', 'nobody']) {
      const refused = await ssh(box, user, 'true');
      expect([refused.status, refused.stderr]).toEqual([
        255,
        expect.stringContaining('Permission denied (publickey)'),
      ]);
    }
    await send(id, 'system');
    expect((await ssh(box, 'system', 'whoami')).stdout).toBe('system\n');
    const clock = clockOf(lab.context);
    clock.reach(clock.now().getTime() + 60_000);
    for (const user of ['system', 'ec2-user']) expect((await ssh(box, user, 'true')).status).toBe(255);

    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await inState(ec2, id, 'terminated');
    expect(box.portFor(22)).toBeUndefined();
    await expect(send(id, 'ec2-user')).rejects.toMatchObject({ name: 'EC2InstanceStateInvalidException' });
  }, 120_000);

  test('the server has the configuration that the user data wrote, on the port that it says', async () => {
    const userData = [
      '#!/bin/bash',
      'set -eu',
      "cat > /opt/forced <<'END'",
      '#!/bin/sh',
      'echo "forced: $SSH_ORIGINAL_COMMAND in $(cat /etc/os-release | head -1)"',
      'END',
      'chmod 0755 /opt/forced',
      "cat > /etc/ssh/sshd_config <<'END'",
      'Port 2222',
      'ListenAddress 127.0.0.1',
      'HostKey /etc/ssh/ssh_host_ed25519_key',
      'AllowUsers taker',
      'AuthorizedKeysFile none',
      'AuthorizedKeysCommand /opt/aws/bin/eic_run_authorized_keys %u %f',
      'AuthorizedKeysCommandUser ec2-instance-connect',
      'UsePAM yes',
      'ForceCommand /opt/forced',
      'END',
      'systemctl restart sshd',
      'useradd --system --no-create-home --home-dir / --shell /bin/sh taker',
      'systemctl is-active sshd',
    ];
    const { id, box, status } = await boot(userData.join('\n'));
    expect(status).toBe('done');
    expect(box.portFor(22)).toBeUndefined();
    await send(id, 'taker');
    expect((await ssh(box, 'taker', 'push', 2222)).stdout).toBe('forced: push in NAME="Amazon Linux"\n');
    await send(id, 'ec2-user');
    expect((await ssh(box, 'ec2-user', 'true', 2222)).stderr).toContain('Permission denied');
  }, 120_000);

  test('a configuration that the server refuses fails the boot, in its words', async () => {
    const { id, box, status } = await boot(
      '#!/bin/sh\nset -e\necho Nonsense yes >> /etc/ssh/sshd_config\nsystemctl restart sshd\n',
    );
    expect(status).toBe('error');
    expect(box.portFor(22)).toBeUndefined();
    expect(readFileSync(join(box.root, 'var/log/cloud-init-output.log'), 'utf8')).toMatch(
      /Bad configuration option: Nonsense/,
    );
    expect(await send(id, 'ec2-user')).toMatchObject({ Success: true });
  }, 120_000);

  test('bad keys, users and instances are refused', async () => {
    const { id } = await boot('#!/bin/sh\ntrue\n');
    await expect(send(id, 'ec2-user', 'ecdsa')).rejects.toMatchObject({ name: 'InvalidArgsException' });
    const lying = readFileSync(join(directory, 'ecdsa.pub'), 'utf8').replace(/^\S+/, 'ssh-ed25519');
    await expect(send(id, 'ec2-user', lying)).rejects.toMatchObject({ name: 'InvalidArgsException' });
    await expect(send(id, 'a/b')).rejects.toMatchObject({ name: 'InvalidArgsException' });
    await expect(send('i-0123456789abcdef0', 'ec2-user')).rejects.toMatchObject({
      name: 'EC2InstanceNotFoundException',
    });
    const { box } = await boot('#!/bin/sh\nuseradd --uid 7 somebody\n');
    expect(readFileSync(join(box.root, 'var/log/cloud-init-output.log'), 'utf8')).toContain(
      "The lab's useradd does not know the option --uid.",
    );
  }, 120_000);
}

test('CloudTrail shows who sent which key where, refusals too, after five minutes and twice a second at most', async () => {
  const iam = new IAMClient(lab.access);
  await iam.send(new CreateUserCommand({ UserName: 'ada' }));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ada' }));
  iam.destroy();
  const credentials = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
  const ada = new EC2InstanceConnectClient({ ...lab.access, credentials });
  const publicKey = readFileSync(join(directory, 'ed25519.pub'), 'utf8');
  const sending = new SendSSHPublicKeyCommand({
    InstanceId: 'i-0123456789abcdef0',
    InstanceOSUser: 'root',
    SSHPublicKey: publicKey,
  });
  await expect(ada.send(sending)).rejects.toThrow();
  faultsOf(lab.context).inject({
    service: 'ec2-instance-connect',
    operation: 'SendSSHPublicKey',
    code: 'AccessDeniedException',
    message: 'User ada is not authorized.',
  });
  await expect(ada.send(sending)).rejects.toThrow();
  ada.destroy();

  const trail = new CloudTrailClient({ ...lab.access, maxAttempts: 1 });
  const look = (AttributeKey: 'EventName' | 'Username', AttributeValue: string) =>
    trail.send(new LookupEventsCommand({ LookupAttributes: [{ AttributeKey, AttributeValue }] }));
  const second = () => new Promise((resolve) => setTimeout(resolve, 1_000));
  expect((await look('Username', 'ada')).Events).toEqual([]);
  const clock = clockOf(lab.context);
  clock.reach(clock.now().getTime() + 5 * 60_000);
  const { Events = [] } = await look('Username', 'ada');
  const records = Events.map(
    ({ CloudTrailEvent = '' }) => JSON.parse(CloudTrailEvent) as Record<string, unknown>,
  );
  // The newest first.
  expect(records.map(({ errorCode }) => errorCode)).toEqual(['AccessDenied', 'EC2InstanceNotFoundException']);
  expect(records[0]).toMatchObject({
    eventSource: 'ec2-instance-connect.amazonaws.com',
    eventName: 'SendSSHPublicKey',
    awsRegion: lab.access.region,
    sourceIPAddress: expect.stringContaining('127.0.0.1') as unknown,
    errorMessage: 'User ada is not authorized.',
    requestParameters: { instanceId: 'i-0123456789abcdef0', osUser: 'root', SSHKey: { publicKey } },
    responseElements: null,
    userIdentity: { type: 'IAMUser', userName: 'ada', arn: `arn:aws:iam::${lab.context.account}:user/ada` },
  });
  await second();
  const results = await Promise.allSettled([1, 2, 3].map(() => look('EventName', 'RunInstances')));
  expect(results.filter(({ status }) => status === 'rejected')).toEqual([
    expect.objectContaining({ reason: expect.objectContaining({ name: 'ThrottlingException' }) as unknown }),
  ]);
  await second();
  // A call that only looks is recorded too, as one that changes nothing.
  const [looked] = (await look('EventName', 'DescribeInstances')).Events ?? [];
  expect(looked).toMatchObject({ ReadOnly: 'true' });
  trail.destroy();
}, 120_000);
