import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { BOX_ENVIRONMENT } from '../../contract/environment';
import { intakeRules } from '../../contract/intake';
import { prepareEmulator, startEmulator } from '../../lab/moto';
import { labProcessesOf } from '../../lab/processes';
import { freePort } from '../../lab/free-port';
import { buildBoxProgram } from '../../lib/bundle';
import { intakeCommand, SSHD } from '../../lib/intake/sshd';
import { close } from './address';
import { startMetadata } from './metadata';

export const BUCKET = 'intake-of-the-test';
export const INSTANCE = 'i-0123456789abcdef0';
export const SOURCE = 'web';

/** S3, the metadata service, and an SSH server with the box's own configuration and program. */
export interface IntakeStage {
  readonly directory: string;
  /** What runs on the box. */
  readonly program: string;
  readonly s3: S3Client;
  /** Address of S3. */
  readonly endpoint: string;
  /** Of the SSH server, on loopback. */
  readonly port: number;
  /** Words of ssh up to the host, the host included. */
  readonly ssh: readonly string[];
  stop(): Promise<void>;
}

/**
 * The configuration of the box, but for what belongs to the machine: port, files, the one user (whoever runs the test), and where
 * keys come from.
 */
function configuration(directory: string, port: number, user: string): string {
  const changes: readonly (readonly [RegExp, string])[] = [
    [/^Port 22$/m, `Port ${port}\nStrictModes no\nPidFile none`],
    [/^ListenAddress ::1\n/m, ''],
    [/^HostKey .*$/m, `HostKey ${directory}/host`],
    [/^AllowUsers .*$/m, `AllowUsers ${user}`],
    [/^AuthorizedKeysFile none$/m, `AuthorizedKeysFile ${directory}/key.pub`],
    [/^AuthorizedKeysCommand.*\n/gm, ''],
    [/^PermitRootLogin no$/m, 'PermitRootLogin forced-commands-only\nPermitRootLogin prohibit-password'],
    [/^UsePAM yes$/m, 'UsePAM no'],
    [/^ForceCommand .*$/m, `ForceCommand ${directory}/command`],
  ];
  return changes
    .reduce(
      (text, [from, to]) => {
        if (text.search(from) === -1) throw new Error(`The configuration has no ${String(from)}.`);
        return text.replace(from, to);
      },
      SSHD.replace(/^PermitRootLogin no$/m, 'PermitRootLogin no'),
    )
    .replace('PermitRootLogin forced-commands-only\n', '');
}

async function answers(port: number, server: ChildProcess): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`sshd ended with ${server.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const isUp = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isUp) return;
    await sleep(50);
  }
}

/** Options of ssh and scp for a server of this machine that nobody knows, and nobody else's configuration. */
export const sshOptions = (key: string): string[] => [
  ...['-F', 'none', '-i', key],
  ...[
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
  ].flatMap((option) => ['-o', option]),
];

/** Sets the stage; {@link IntakeStage.stop} ends everything. */
export async function setIntakeStage(rules: object): Promise<IntakeStage> {
  const directory = mkdtempSync(join(tmpdir(), 'drawbridge-intake-'));
  const processes = labProcessesOf(`intake-${randomBytes(4).toString('hex')}`);
  const program = buildBoxProgram(directory);
  const log = openSync(join(directory, 'moto.log'), 'a');
  const endpoint = await startEmulator(await prepareEmulator(() => undefined), processes, log);
  const metadata = await startMetadata(INSTANCE);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const s3 = new S3Client({ region: 'us-east-1', endpoint, credentials, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  writeFileSync(join(directory, 'rules.json'), JSON.stringify(intakeRules.parse(rules)));
  const environment: Readonly<Record<string, string>> = {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    [BOX_ENVIRONMENT.region]: 'us-east-1',
    [BOX_ENVIRONMENT.bucket]: BUCKET,
    [BOX_ENVIRONMENT.source]: SOURCE,
    [BOX_ENVIRONMENT.intakeRules]: join(directory, 'rules.json'),
  };
  const assignments = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`);
  writeFileSync(
    join(directory, 'command'),
    intakeCommand(assignments.join('\n'), `'${process.execPath}'`, `'${program}'`),
    { mode: 0o755 },
  );
  for (const name of ['host', 'key'])
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, name)]);
  const [port, user] = [await freePort(), userInfo().username];
  writeFileSync(join(directory, 'sshd_config'), configuration(directory, port, user));
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(directory, 'sshd_config')], {
    stdio: ['ignore', 'ignore', openSync(join(directory, 'sshd.log'), 'a')],
  });
  await answers(port, sshd);
  return {
    directory,
    program,
    s3,
    endpoint,
    port,
    ssh: [...sshOptions(join(directory, 'key')), '-p', String(port), `${user}@127.0.0.1`],
    stop: async () => {
      sshd.kill();
      await once(sshd, 'close');
      s3.destroy();
      await close(metadata.server);
      await processes.stop();
      closeSync(log);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
