import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { prepareEmulator } from '../../lab/moto';
import { type IntakeStage, setIntakeStage } from '../../test/support/intake-stage';
import { bundlePair, startEnd } from '../tunnel/ends';
import type { FarSaid } from '../tunnel/runs';

/** Both SSH servers of the box behind tunnels of their own, and what is handed in. */
export interface PushScene {
  readonly stage: IntakeStage;
  readonly directory: string;
  /** Program of the machine. */
  readonly vm: string;
  readonly aws: string;
  /** Local ports: to the intake's server, and to one that takes any command. */
  readonly intakePort: number;
  readonly shellPort: number;
  stop(): Promise<void>;
}

/** An SSH server as it comes, for scp; on a port beside the stage's. */
async function startShellServer(stage: IntakeStage, port: number): Promise<ChildProcess> {
  const file = join(stage.directory, 'shell_config');
  const lines = [
    `Port ${port}`,
    ...[
      'ListenAddress 127.0.0.1',
      'StrictModes no',
      'PidFile none',
      'UsePAM no',
      'PermitRootLogin prohibit-password',
    ],
    ...[`HostKey ${stage.directory}/host`, `AuthorizedKeysFile ${stage.directory}/key.pub`],
    ...['Subsystem sftp internal-sftp', ''],
  ];
  writeFileSync(file, lines.join('\n'));
  const sshd = spawn('/usr/sbin/sshd', ['-D', '-f', file], { stdio: 'ignore' });
  for (;;) {
    if (sshd.exitCode !== null) throw new Error(`sshd ended with ${sshd.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const isUp = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isUp) return sshd;
    await sleep(50);
  }
}

async function prepare(undo: (() => unknown)[], say: (line: string) => void): Promise<PushScene> {
  const directory = mkdtempSync(join(tmpdir(), 'drawbridge-bench-push-'));
  undo.push(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  for (const name of ['logs', 'box']) mkdirSync(join(directory, name));
  say('starting S3, the box and the tunnels');
  const { aws } = await prepareEmulator(say);
  if (aws === undefined) throw new Error('The AWS CLI is not installed (pip install awscli).');
  const stage = await setIntakeStage({});
  undo.push(() => stage.stop());
  const shellServer = await startShellServer(stage, stage.port + 1);
  undo.push(() => shellServer.kill());
  const programs = await bundlePair(mkdtempSync(join(tmpdir(), 'drawbridge-tunnel-')), {
    far: join(__dirname, 'far.ts'),
    near: join(__dirname, '../tunnel/near.ts'),
  });
  undo.push(() => {
    programs.remove();
  });
  const tunnelTo = async (port: number): Promise<number> => {
    const far = await startEnd<FarSaid>(programs.far, [String(port)]);
    undo.push(() => far.stop());
    const near = await startEnd<{ port: number }>(programs.near, [far.said.sessionId, far.said.streamUrl]);
    undo.push(() => near.stop());
    return near.said.port;
  };
  const vm = join(directory, 'vm.cjs');
  const options = {
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
  } as const;
  await build({ ...options, entryPoints: [join(__dirname, 'vm.ts')], outfile: vm });
  return {
    ...{ stage, directory, vm, aws },
    intakePort: await tunnelTo(stage.port),
    shellPort: await tunnelTo(stage.port + 1),
    stop: () => undoAll(undo),
  };
}

async function undoAll(undo: readonly (() => unknown)[]): Promise<void> {
  for (const step of [...undo].reverse()) await step();
}

/** Sets the scene; {@link PushScene.stop} ends everything. */
export async function setPushScene(say: (line: string) => void): Promise<PushScene> {
  const undo: (() => unknown)[] = [];
  try {
    return await prepare(undo, say);
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}
