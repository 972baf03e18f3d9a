import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';

/** What the near end tells of itself. */
export interface NearFigures {
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
}

/** A program of the bench that has said where it is. */
export interface End<Said> {
  readonly said: Said;
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

/** Both programs, bundled as the product is. */
export interface Programs {
  readonly far: string;
  readonly near: string;
  remove(): void;
}

/** Bundles the programs of both ends into a directory of their own. */
export async function bundlePrograms(): Promise<Programs> {
  const directory = mkdtempSync(join(tmpdir(), 'drawbridge-tunnel-'));
  return bundlePair(directory, { far: join(__dirname, 'far.ts'), near: join(__dirname, 'near.ts') });
}

/** Bundles a far end and a near one into a directory that goes with them. */
export async function bundlePair(
  directory: string,
  entryPoints: { readonly far: string; readonly near: string },
): Promise<Programs> {
  await build({
    entryPoints: { ...entryPoints },
    outdir: directory,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
  });
  return {
    far: join(directory, 'far.js'),
    near: join(directory, 'near.js'),
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Starts a program of Node and reads its first line, which is JSON. It ends when `stop` is called or this process ends. */
export async function startEnd<Said>(program: string, args: readonly string[] = []): Promise<End<Said>> {
  const child = fork(program, args, { stdio: ['pipe', 'pipe', 'inherit', 'ipc'], execArgv: [] });
  if (child.stdout === null) throw new Error(`${program} has no output`);
  const line = createInterface({ input: child.stdout });
  const [text] = (await Promise.race([
    once(line, 'line'),
    once(child, 'exit').then(() => {
      throw new Error(`${program} ended before it began`);
    }),
  ])) as [string];
  return {
    said: JSON.parse(text) as Said,
    child,
    stop: async () => {
      const exited = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGKILL')) await exited;
    },
  };
}

/** Asks a near end for its figures. */
export async function figuresOf(near: End<unknown>): Promise<NearFigures> {
  const answered = once(near.child, 'message');
  near.child.send('figures');
  const [figures] = (await answered) as [NearFigures];
  return figures;
}

const BLOCK = Buffer.alloc(1_024 * 1_024, 'drawbridge');

/** Sends bytes through a local port. @returns seconds until the far end has said that it has them all */
export async function upload(port: number, bytes: number): Promise<number> {
  const socket = connect({ port, host: 'localhost' });
  await once(socket, 'connect');
  const begun = performance.now();
  socket.write(`up ${bytes}\n`);
  for (let left = bytes; left > 0; left -= BLOCK.length)
    if (!socket.write(BLOCK.subarray(0, left))) await once(socket, 'drain');
  let said = '';
  for await (const chunk of socket) said += String(chunk);
  if (said !== 'done') throw new Error(`the far end said "${said}"`);
  return (performance.now() - begun) / 1_000;
}

/** Fetches bytes through a local port. @returns seconds */
export async function download(port: number, bytes: number): Promise<number> {
  const socket = connect({ port, host: 'localhost' });
  await once(socket, 'connect');
  const begun = performance.now();
  socket.write(`down ${bytes}\n`);
  let got = 0;
  for await (const chunk of socket) got += (chunk as Buffer).length;
  if (got !== bytes) throw new Error(`${got} bytes came instead of ${bytes}`);
  return (performance.now() - begun) / 1_000;
}
