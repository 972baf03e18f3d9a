/** The box's program behind a real SSH server with the box's own configuration, the client, and S3. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { EXIT } from '../../contract/exit-codes';
import { receipt as receiptSchema } from '../../contract/intake-protocol';
import { localFiles } from '../../cli/push/local';
import type { Outgoing } from '../../cli/push/outgoing';
import { sendFiles } from '../../cli/push/send';
import { PushBroken } from '../../cli/push/sender';
import { prepareEmulator } from '../../lab/moto';
import { BUCKET, type IntakeStage, INSTANCE, setIntakeStage, SOURCE } from '../support/intake-stage';
import { SourceObjects } from '../support/receipts';
import { until } from '../support/until';

/** Files that the box refuses. */
const REFUSED = 2;

let stage: IntakeStage;
let files: string;

beforeAll(async () => {
  stage = await setIntakeStage({ refuse: ['**/*.secret'] });
  files = join(stage.directory, 'files');
  mkdirSync(join(files, 'log'), { recursive: true });
  for (let at = 0; at < 200; at += 1)
    writeFileSync(join(files, 'log', `${at}.log`), `line ${at} of a log that repeats itself\n`.repeat(500));
  writeFileSync(join(files, 'large.bin'), Buffer.alloc(9 * 1024 ** 2, 'large '));
  writeFileSync(join(files, 'id_ed25519'), '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n');
  writeFileSync(join(files, 'x.secret'), 'x');
  symlinkSync('/etc/passwd', join(files, 'link'));
}, 120_000);
afterAll(() => stage.stop());

const there = (): SourceObjects => new SourceObjects(stage.s3, BUCKET, SOURCE);

/** One push over SSH; one that is cut loses its line when the box has taken some files, before the last was announced. */
async function pushOnce(isCut = false) {
  const ssh = spawn('ssh', [...stage.ssh, 'push'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = new PassThrough();
  let outcomes = 0;
  ssh.stdout
    .on('data', (text: Buffer) => {
      answers.write(text);
      outcomes += text.toString().split('"type":"outcome"').length - 1;
      if (isCut && outcomes > REFUSED) ssh.kill('SIGKILL');
    })
    .once('end', () => answers.end());
  async function* outgoing(): AsyncGenerator<Outgoing> {
    yield* localFiles({ path: files, as: 'files', exclude: [] }, () => undefined);
    if (isCut && ssh.signalCode === null) await once(ssh, 'exit');
  }
  try {
    let sentBytes = 0;
    const committed = await sendFiles({ input: ssh.stdin, output: answers }, outgoing(), {
      client: 'test',
      progress: (sent) => (sentBytes = sent.sentBytes),
    });
    return { ...committed, sentBytes };
  } finally {
    ssh.kill();
  }
}

test('a line that is cut commits nothing, and what arrived is not sent again', async () => {
  await expect(pushOnce(true)).rejects.toBeInstanceOf(PushBroken);
  // The box stores what it holds when the line is gone.
  const index = /receipts\/[^/]+\/packs\/[0-9a-f]{32}\.ndjson\.gz$/;
  await until(async () => (await there().keys('intake/web/receipts/')).some((key) => index.test(key)));
  expect(await there().receipts()).toEqual([]);
  const { receipt, sentBytes } = await pushOnce();
  expect(receipt).toMatchObject({ by: 'push', source: 'web', box: INSTANCE, files: 201, refused: 2 });
  expect(receipt.unchanged).toBeGreaterThan(0);
  expect(receipt.receivedBytes).toBeLessThan(sentBytes);
  expect(receipt.refusals.map(({ path }) => path).sort()).toEqual(['files/id_ed25519', 'files/x.secret']);
  expect(await there().files(receipt)).toHaveLength(201);
  expect(await there().missing()).toEqual([]);
}, 120_000);

test('a second push sends what has changed', async () => {
  writeFileSync(join(files, 'log', '7.log'), 'changed\n'.repeat(500));
  const { receipt, sentBytes } = await pushOnce();
  expect(receipt).toMatchObject({ files: 201, unchanged: 200 });
  expect(receipt.receivedBytes).toBeLessThan(1_000);
  expect(sentBytes).toBeLessThan(100_000);
  expect(await there().receipts()).toHaveLength(2);
  expect(await there().missing()).toEqual([]);
}, 60_000);

test('the commands of the page fetch a file by hand', async () => {
  const page = readFileSync(join(__dirname, '../../docs/intake-protocol.md'), 'utf8');
  const [, commands = ''] = /```sh\n(aws s3 cp [^`]*jq [^`]*)```/.exec(page) ?? [];
  expect(commands).toContain('"etc/hosts"');
  const receipt = (await there().receipts()).at(-1)?.split('/').at(-2);
  const here = join(stage.directory, 'by-hand');
  mkdirSync(here);
  const { aws = '' } = await prepareEmulator(() => undefined);
  for (const name of ['log/7.log', 'large.bin']) {
    execFileSync('bash', ['-euo', 'pipefail', '-c', commands.replace('etc/hosts', `files/${name}`)], {
      cwd: here,
      env: {
        PATH: `${dirname(aws)}${delimiter}${process.env.PATH ?? ''}`,
        HOME: here,
        AWS_ENDPOINT_URL: stage.endpoint,
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        BUCKET,
        PUSH: receipt,
      },
      stdio: 'pipe',
    });
    expect(readFileSync(join(here, 'hosts')).equals(readFileSync(join(files, name)))).toBe(true);
  }
}, 120_000);

test('everything is below the source’s prefix', async () => {
  for (const key of await there().keys()) expect(key).toMatch(/^intake\/web\/(packs|receipts)\//);
});

test('a plain tar stream is taken too; links are refused, and the exit code says so', async () => {
  const script = `tar -C '${files}' -c log/1.log link | ssh ${stage.ssh.map((word) => `'${word}'`).join(' ')} tar`;
  // Not spawnSync: the metadata service answers from this very process.
  const shell = spawn('bash', ['-o', 'pipefail', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const done = { stdout: '', status: undefined as number | null | undefined };
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (done.stdout += text));
  [done.status] = (await once(shell, 'close')) as [number | null];
  expect(done.status).toBe(EXIT.someRefused);
  const { receipt } = JSON.parse(done.stdout) as { receipt: unknown };
  const committed = receiptSchema.parse(receipt);
  expect(committed).toMatchObject({ by: 'tar', files: 1, refused: 1 });
  expect(committed.refusals[0]?.reason).toContain('only regular files');
  const [file] = await there().files(committed);
  expect(file?.path).toBe('log/1.log');
  expect(String(file && (await there().content(file)))).toContain('line 1 of a log');
}, 60_000);

describe('whoever has the key', () => {
  test.each([['id'], ['push; id'], ['tar\nid'], ['$(id)'], ['sftp']])(
    'runs nothing: %j',
    (command) => {
      const done = spawnSync('ssh', [...stage.ssh, command], { input: '', encoding: 'utf8' });
      expect(done.status).toBe(EXIT.usage);
      expect(done.stdout).not.toContain('uid=');
      expect(done.stderr).toContain('Nothing can be run here');
    },
    30_000,
  );

  test('forwards nothing', () => {
    const forward = spawnSync('ssh', ['-W', '127.0.0.1:22', ...stage.ssh], { input: '', encoding: 'utf8' });
    expect(forward.status).not.toBe(0);
    expect(forward.stderr).toMatch(/prohibited|failed|disabled/);
    const back = spawnSync(
      'ssh',
      ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1', ...stage.ssh],
      {
        input: '',
        encoding: 'utf8',
        timeout: 20_000,
      },
    );
    expect(back.status).not.toBe(0);
  }, 30_000);
});
