import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findPlugin, startPlugin } from '../../../cli/session/index';

/** A program of the plugin's name that notes its command line and environment. */
describe('the official client', () => {
  let directory: string;
  let env: NodeJS.ProcessEnv;
  const install = (version: string, exitCode = 0): void => {
    const script = [
      '#!/bin/sh',
      `[ "$1" = --version ] && { echo ${version}; exit; }`,
      `printf '%s\\n' "$@" > ${directory}/words`,
      `printf '%s' "$AWS_SSM_START_SESSION_RESPONSE" > ${directory}/response`,
      `exit ${exitCode}`,
    ];
    writeFileSync(join(directory, 'session-manager-plugin'), script.join('\n'));
    chmodSync(join(directory, 'session-manager-plugin'), 0o755);
  };
  const session = {
    sessionId: 's-1',
    streamUrl: 'wss://x/y',
    token: 'secret-token',
    target: 'i-1',
    region: 'eu-west-1',
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'drawbridge-plugin-'));
    env = { ...process.env, PATH: [directory, '/bin', '/usr/bin'].join(delimiter) };
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('is not found where it is not', async () => {
    expect(await findPlugin({ PATH: directory })).toBeUndefined();
  });

  it('gets its token through the environment, never on the command line', async () => {
    install('1.2.764.0', 3);
    const plugin = await findPlugin(env);
    expect(plugin).toMatchObject({ version: '1.2.764.0', isUsable: true });
    if (plugin === undefined) return;
    const program = join(directory, 'session-manager-plugin');
    const child = startPlugin({ ...plugin, program }, session, { env, stdio: 'ignore' });
    expect(await once(child, 'close')).toEqual([3, null]);
    const words = readFileSync(join(directory, 'words'), 'utf8').split('\n');
    expect(words).toEqual([
      'AWS_SSM_START_SESSION_RESPONSE',
      'eu-west-1',
      'StartSession',
      '',
      '{"Target":"i-1"}',
      '',
      '',
    ]);
    expect(JSON.parse(readFileSync(join(directory, 'response'), 'utf8'))).toEqual({
      SessionId: 's-1',
      StreamUrl: 'wss://x/y',
      TokenValue: 'secret-token',
    });
  });

  it('is not used when it is so old that it wants the token on the command line', async () => {
    install('1.2.497.0');
    const plugin = await findPlugin(env);
    expect(plugin).toMatchObject({ isUsable: false });
    if (plugin !== undefined) expect(() => startPlugin(plugin, session)).toThrow('every process can read it');
  });
});
