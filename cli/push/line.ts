import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INTAKE_USER } from '../../contract/intake';
import type { Context } from '../framework/command';
import { makeKey, sendPublicKey } from '../ssh/instance-connect';
import { proxyWords } from '../ssh/options';
import type { Streams } from './send';

/** SSH to an intake box, with the forced command at its other end. */
export interface Line extends Streams {
  /** What SSH and the box said for people; the end of it. */
  words(): string;
  close(): void;
}

const LAST_WORDS = 2_000;

/** The session that carries SSH: this program again, as ProxyCommand. Region and profile go along. */
const proxy = (context: Context, instanceId: string, document: string): string =>
  proxyWords([
    process.execPath,
    process.argv[1] ?? 'drawbridge',
    'ssh-proxy',
    instanceId,
    document,
    ...(context.region === undefined ? [] : ['--region', context.region]),
    ...(context.profile === undefined ? [] : ['--profile', context.profile]),
  ]);

/**
 * Connects: a fresh key, which the box accepts for a minute, then SSH through a session. The key's file is gone as soon as
 * the line is closed. The box's host key is not asked for: IAM has authenticated the other end of the session.
 *
 * @param command - what the box is asked to run: see docs/intake-protocol.md
 */
export async function openLine(
  context: Context,
  instanceId: string,
  document: string,
  command: string,
): Promise<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-push-'));
  const clean = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const key = join(folder, 'key');
    makeKey(key, 'drawbridge push');
    await sendPublicKey(context, instanceId, INTAKE_USER, readFileSync(`${key}.pub`, 'utf8'));
    return started(
      key,
      proxy(context, instanceId, document),
      [`${INTAKE_USER}@${instanceId}`, command],
      clean,
    );
  } catch (error) {
    clean();
    throw error;
  }
}

function started(key: string, proxyCommand: string, target: readonly string[], clean: () => void): Line {
  const options = {
    ProxyCommand: proxyCommand,
    BatchMode: 'yes',
    IdentitiesOnly: 'yes',
    StrictHostKeyChecking: 'no',
    UserKnownHostsFile: '/dev/null',
    ServerAliveInterval: '15',
    ServerAliveCountMax: '4',
    LogLevel: 'ERROR',
  };
  const words = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const ssh: ChildProcess = spawn('ssh', ['-F', 'none', '-T', '-i', key, ...words, ...target], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { stdin, stdout, stderr } = ssh;
  if (stdin === null || stdout === null || stderr === null) throw new Error('ssh has no streams.');
  let said = '';
  stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-LAST_WORDS)));
  ssh.once('close', clean);
  // A program that is not there ends the streams too; the reason is kept for whoever asks.
  ssh.once('error', (error) => {
    said += error.message;
    clean();
    stdin.destroy();
    stdout.destroy();
  });
  return {
    input: stdin,
    output: stdout,
    words: () => said.trim(),
    close: () => {
      stdin.destroy();
      ssh.kill();
    },
  };
}
