import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { officialPlugin } from '../../lab/official-plugin';
import { startEnd, upload, type Programs } from './ends';
import type { FarSaid } from './runs';

/** Megabytes for the official client: 256 of them would take it minutes. */
export const PLUGIN_MB = 8;

/**
 * The official client's own pace over the same channel, in MB/s.
 *
 * @returns undefined, after saying why, where there is none
 */
export async function pluginPace(
  programs: Programs,
  say: (line: string) => void,
): Promise<number | undefined> {
  const part = officialPlugin(say);
  if ('missing' in part) {
    say(part.missing);
    return undefined;
  }
  const far = await startEnd<FarSaid>(programs.far);
  const variable = 'AWS_SSM_START_SESSION_RESPONSE';
  const response = { SessionId: far.said.sessionId, StreamUrl: far.said.streamUrl, TokenValue: 'first' };
  const words = [variable, 'us-east-1', 'StartSession', '', '{"Target":"i-1"}', 'http://127.0.0.1:9'];
  const child = spawn(part.program, words, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      [variable]: JSON.stringify(response),
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
    },
  });
  try {
    let said = '';
    while (!/Waiting for connections/.test(said)) said += String((await once(child.stdout, 'data'))[0]);
    child.stdout.resume();
    const port = Number(/Port (\d+) opened/.exec(said)?.[1]);
    return PLUGIN_MB / (await upload(port, PLUGIN_MB * 1_000_000));
  } finally {
    child.kill('SIGKILL');
    await far.stop();
  }
}
