import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { prepareEmulator } from '../../lab/moto';
import { type SshMachine, startSshMachine } from '../../lab/network/ssh-machine';
import { labProcessesOf } from '../../lab/processes';
import { freePort } from '../../lab/free-port';
import { type IntakeStage, setIntakeStage } from '../../test/support/intake-stage';
import { bundlePair, startEnd } from '../tunnel/ends';
import type { FarSaid } from '../tunnel/runs';

/** Both SSH servers of the box behind tunnels of their own, and what is handed in. */
export interface PushScene {
  readonly stage: IntakeStage;
  /** An SSH server as it comes, for scp. */
  readonly shell: SshMachine;
  readonly directory: string;
  /** Program of the machine. */
  readonly vm: string;
  readonly aws: string;
  /** Local ports: to the intake's server, and to one that takes any command. */
  readonly intakePort: number;
  readonly shellPort: number;
  stop(): Promise<void>;
}

/** Bundles the machine's program as the product is; returns its path. */
export async function buildVm(directory: string): Promise<string> {
  const outfile = join(directory, 'vm.cjs');
  await build({
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
    entryPoints: [join(__dirname, 'vm.ts')],
    outfile,
  });
  return outfile;
}

async function prepare(undo: (() => unknown)[], say: (line: string) => void): Promise<PushScene> {
  const directory = mkdtempSync(join(tmpdir(), 'drawbridge-bench-push-'));
  undo.push(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  for (const name of ['logs', 'box', 'shell']) mkdirSync(join(directory, name));
  say('starting S3, the box and the tunnels');
  const { aws } = await prepareEmulator(say);
  if (aws === undefined) throw new Error('The AWS CLI is not installed (pip install awscli).');
  const stage = await setIntakeStage({});
  undo.push(() => stage.stop());
  const machine = { directory: join(directory, 'shell'), address: '127.0.0.1', port: await freePort() };
  const shell = await startSshMachine(labProcessesOf(`bench-${process.pid}`), machine);
  undo.push(() => shell.stop());
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
  const vm = await buildVm(directory);
  return {
    ...{ stage, shell, directory, vm, aws },
    intakePort: await tunnelTo(stage.port),
    shellPort: await tunnelTo(shell.port),
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
