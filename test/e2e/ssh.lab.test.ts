/** SSH as an operator uses it: `drawbridge`, plain OpenSSH with the include file, the box's real server, and who sees it. */
import { CloudTrailClient, CreateTrailCommand, StartLoggingCommand } from '@aws-sdk/client-cloudtrail';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { EXIT } from '../../contract/exit-codes';
import { Cloud } from '../../lab/demo/cloud';
import { whyNoSshd } from '../../lab/ec2/sshd';
import { type SshMachine, startSshMachine } from '../../lab/network/ssh-machine';
import { officialPlugin } from '../../lab/official-plugin';
import { findProgram } from '../../lab/parts';
import { labProcessesOf } from '../../lab/processes';
import { freePort } from '../../lab/free-port';
import { type Outcome, PROGRAM, run as runCli } from '../cli/child';
import { type Deployed, deployInLab } from '../support/deployed';

let deployed: Deployed;
let cloud: Cloud;
let target: SshMachine;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ssh-'));
  for (const name of ['target', 'files']) mkdirSync(join(folder, name));
  const machine = { directory: join(folder, 'target'), address: '127.0.0.1', port: await freePort() };
  target = await startSshMachine(labProcessesOf(`test-${process.pid}`), machine);
  deployed = await deployInLab([`accessTargets=127.0.0.1/32:${target.port}`, 'notifySessions=all']);
  cloud = new Cloud();
}, 900_000);

afterAll(async () => {
  await target.stop();
  await deployed.stop();
  rmSync(folder, { recursive: true });
}, 900_000);

const run = (words: readonly string[]): Promise<Outcome> => runCli(words, { HOME: deployed.home });

/** Any program of the operator's machine. */
function execute(program: string, words: readonly string[], input = ''): Promise<Outcome> {
  const child: ChildProcess = spawn(program, words, {
    env: { ...process.env, HOME: deployed.home },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  child.stdin?.on('error', () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

const open = async (): Promise<string> =>
  (JSON.parse((await run(['open', '--json'])).stdout) as { instanceId: string }).instanceId;
const root = (instanceId: string): string => join(deployed.lab.directory, 'boxes', instanceId);

/** Makes a trail that logs, and a queue that the topic tells; waits for so many messages. */
async function messages(): Promise<(count: number) => Promise<readonly string[]>> {
  const [cloudTrail, s3, sns, sqs] = [
    new CloudTrailClient(),
    new S3Client(),
    new SNSClient(),
    new SQSClient(),
  ];
  await s3.send(new CreateBucketCommand({ Bucket: 'trail-of-the-test' }));
  await cloudTrail.send(new CreateTrailCommand({ Name: 'all', S3BucketName: 'trail-of-the-test' }));
  await cloudTrail.send(new StartLoggingCommand({ Name: 'all' }));
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'told' }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  await sns.send(
    new SubscribeCommand({
      TopicArn: deployed.outputs.TopicArn,
      Protocol: 'sqs',
      Endpoint: Attributes?.QueueArn,
    }),
  );
  return async (count) => {
    const texts: string[] = [];
    while (texts.length < count) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
      for (const { Body = '{}', ReceiptHandle } of Messages) {
        texts.push((JSON.parse(Body) as { Message: string }).Message);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    }
    for (const client of [cloudTrail, s3, sns, sqs]) client.destroy();
    return texts;
  };
}

const lacking = whyNoSshd();
if (lacking !== undefined)
  test('without root no box has an SSH server, and ssh ends', async () => {
    const ended = await run(['ssh', '--via', 'box', '--', 'true']);
    expect(ended.code).toBe(255);
  }, 900_000);
else {
  test('drawbridge ssh opens a box, runs a command as ec2-user, and closes the box', async () => {
    const ran = await run(['ssh', '--via', 'box', '--', 'whoami; cat /proc/self/loginuid; exit 7']);
    expect(ran).toMatchObject({ code: 7, stdout: expect.stringMatching(/^ec2-user\n/) as unknown });
    expect(await cloud.liveInstances()).toEqual([]);
  }, 900_000);

  test('plain ssh, scp, sftp, rsync and -J work with the include file, and hosts are checked', async () => {
    const box = await open();
    const written = JSON.parse((await run(['ssh-config', '--json'])).stdout) as {
      file: string;
      include: string;
    };
    expect(written.file).toBe(join(deployed.home, '.ssh/drawbridge/drawbridge/config'));
    const config = join(folder, 'config');
    writeFileSync(config, `${written.include}\n`);
    const host = `${box}.drawbridge`;
    const F = ['-F', config];

    expect(await execute('ssh', [...F, host, 'whoami; exit 3'])).toMatchObject({
      code: 3,
      stdout: 'ec2-user\n',
    });
    // Whatever bytes there are, both ways.
    const text = `${'a line of a file\n'.repeat(50_000)}\u0000\u001b end`;
    const file = join(folder, 'files', 'a file');
    writeFileSync(file, text);
    expect(await execute('ssh', [...F, host, 'cat'], text)).toMatchObject({ code: 0, stdout: text });
    const home = join(root(box), 'home/ec2-user');
    expect((await execute('scp', [...F, '-q', file, `${host}:copied`])).code).toBe(0);
    expect(readFileSync(join(home, 'copied'), 'utf8')).toBe(text);
    const back = join(folder, 'back');
    const sftp = await execute(
      'sftp',
      [...F, '-q', '-b', '-', host],
      `put "${file}" sent\nget copied ${back}\n`,
    );
    expect(sftp.code).toBe(0);
    expect(readFileSync(back, 'utf8')).toBe(text);
    if (findProgram('rsync') !== undefined) {
      const rsync = ['-a', '-e', `ssh -F ${config}`, `${join(folder, 'files')}/`, `${host}:synchronized/`];
      expect(await execute('rsync', rsync)).toMatchObject({ code: 0, stderr: '' });
      expect(readFileSync(join(home, 'synchronized', 'a file'), 'utf8')).toBe(text);
    }

    // Through the box to another machine, whose keys the box never sees.
    const known = join(folder, 'known');
    writeFileSync(known, target.hostKey);
    const beyond = ['-o', `UserKnownHostsFile=${known}`, '-o', 'StrictHostKeyChecking=yes', '-i', target.key];
    const to = [...F, '-J', host, ...beyond, '-p', String(target.port), `${target.user}@${target.address}`];
    expect(await execute('ssh', [...to, 'echo $SSH_CONNECTION'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(` ${target.port}\n`) as unknown,
    });
    // What accessTargets does not name, the document refuses before anything is connected.
    const elsewhere = await run(['connect', '--box', box, '--host', '127.0.0.1', '--port', '1', '--json']);
    expect(elsewhere.code).not.toBe(0);
    expect(elsewhere.stderr).toMatch(/accessTargets|allowed|portNumber/i);

    // The same by AWS's own client.
    const plugin = officialPlugin(console.log);
    if ('program' in plugin) {
      const environment = {
        HOME: deployed.home,
        PATH: [dirname(plugin.program), process.env.PATH].join(delimiter),
      };
      const official = await runCli(['ssh', '--box', box, '--plugin', '--', 'whoami; exit 5'], environment);
      expect(official).toEqual({ code: 5, stdout: 'ec2-user\n', stderr: '' });
    }

    // A server that shows another key than the agent has told is refused.
    const told = join(root(box), 'etc/ssh/ssh_host_ed25519_key.pub');
    rmSync(join(root(box), 'etc/ssh/ssh_host_ecdsa_key.pub'));
    const honest = readFileSync(told, 'utf8');
    writeFileSync(told, readFileSync(`${target.key}.pub`, 'utf8'));
    const refused = await execute('ssh', [...F, host, 'true']);
    expect(refused.code).toBe(255);
    expect(refused.stderr).toMatch(/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/);
    writeFileSync(told, honest);

    // Our key is good for its minute: by a line that sends none.
    const words = [process.execPath, PROGRAM, 'ssh-proxy', box, deployed.outputs.SshDocumentName ?? ''];
    const proxy = `ProxyCommand=${words.join(' ')}`;
    const again = (): Promise<Outcome> => execute('ssh', [...F, '-o', proxy, host, 'whoami']);
    expect((await execute('ssh', [...F, host, 'true'])).code).toBe(0);
    expect(await again()).toMatchObject({ code: 0, stdout: 'ec2-user\n' });
    await deployed.order('/lab/clock', { advanceSeconds: 61 });
    const late = await again();
    expect(late.code).toBe(255);
    expect(late.stderr).toContain('Permission denied (publickey)');

    // The box is ended underneath: ssh ends.
    const lasting = execute('ssh', [...F, host, 'echo ready; sleep 600']);
    await run(['close', box]);
    expect((await lasting).code).toBe(255);
    expect((await execute('ssh', [...F, host, 'true'])).code).not.toBe(0);
  }, 900_000);

  test('audit shows boxes, sessions, keys, and who was refused; the topic is told where a trail logs', async () => {
    const told = await messages();
    const fault = {
      service: 'ssm',
      operation: 'StartSession',
      code: 'AccessDeniedException',
      message: 'Not you.',
    };
    const box = await open();
    await deployed.order('/lab/faults', fault);
    const refused = await run(['ssh', '--box', box, '--', 'true']);
    expect(refused.code).not.toBe(0);
    expect((await run(['ssh', '--box', box, '--', 'true'])).code).toBe(0);
    await run(['close', box]);
    // The refused session; host keys, a session and a key of the other.
    const texts = await told(4);
    const who = String.raw`by arn:\S+ from 127\.0\.0\.1 at \S+Z`;
    const patterns = [
      `StartSession ${who} was refused \\(Not you\\.\\)\\. What to do: `,
      `StartSession ${who} to ${box} \\(`,
    ];
    for (const pattern of [...patterns, `SendSSHPublicKey ${who} to ${box} \\(ec2-user\\)`])
      expect(texts).toContainEqual(expect.stringMatching(pattern));
    const audit = async (more: readonly string[] = []) => {
      const { code, stdout } = await run(['audit', '--json', ...more]);
      expect(code).toBe(EXIT.ok);
      return JSON.parse(stdout) as {
        what: string;
        who: string;
        from: string;
        about: string;
        refused: string | null;
      }[];
    };
    const before = await audit();
    expect(before.filter(({ about }) => about.includes(box))).toEqual([]);
    await deployed.order('/lab/clock', { advanceSeconds: 300 });
    const seen = (await audit()).filter(({ about }) => about.includes(box));
    const what = (name: string) => seen.filter((attempt) => attempt.what === name);
    for (const name of ['box launched', 'box ended', 'session opened', 'SSH key'])
      expect(what(name)).not.toHaveLength(0);
    expect(what('box launched')[0]?.who).toMatch(/:assumed-role\//);
    for (const { from } of seen) expect(from).toContain('127.0.0.1');
    const refusals = (await audit(['--refused'])).filter(({ about }) => about.includes(box));
    expect(refusals).toEqual([expect.objectContaining({ what: 'session opened', refused: 'AccessDenied' })]);
  }, 900_000);
}
