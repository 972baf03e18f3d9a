import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { LAB_VARIABLE } from '../processes';
import type { RunningLab } from '../start';
import type { Progress } from './timeline';

const PROJECT = join(__dirname, '..', '..');

/**
 * Runs the CDK's own command line on the app.
 *
 * @param lab - where it deploys to
 * @param progress - told the newest line of output
 * @param directory - where it runs; it finds an app there or none
 * @throws Error with the last lines of output when the command fails
 */
export async function cdk(
  args: readonly string[],
  lab: RunningLab,
  progress: Progress,
  directory = PROJECT,
): Promise<void> {
  const child = spawn(process.execPath, [join(PROJECT, 'node_modules', 'aws-cdk', 'bin', 'cdk'), ...args], {
    cwd: directory,
    env: { ...process.env, ...lab.environment, [LAB_VARIABLE]: lab.id, NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const listen = (chunk: Buffer): void => {
    for (const line of chunk
      .toString()
      .split('\n')
      .filter((text) => text.trim() !== '')) {
      lines.push(line);
      progress(line.trim());
    }
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new Error(`cdk ${args.join(' ')} ended with ${String(code)}:\n${lines.slice(-15).join('\n')}`);
}
