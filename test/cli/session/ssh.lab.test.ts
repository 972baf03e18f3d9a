import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { openSession, type LabSession } from '../../../lab/session/index';
import { startHosts, type Hosts } from './open-ssh';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('OpenSSH through the channel', () => {
  let hosts: Hosts;
  const sessions: LabSession[] = [];
  /** Grants a session to a port for every request, as `ssm:StartSession` does with `AWS-StartSSHSession`. */
  const granting = createServer((request, response) => {
    const sessionId = `ssh-${sessions.length}`;
    void openSession({
      sessionId,
      token: 'token',
      sessionType: 'Port',
      properties: { portNumber: (request.url ?? '').slice(1) },
    }).then((session) => {
      sessions.push(session);
      response.end(JSON.stringify({ sessionId, streamUrl: session.streamUrl, token: 'token' }));
    });
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => granting.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(granting.address() as AddressInfo).port}`;
    const program = join(process.env.TMPDIR ?? '/tmp', `proxy-${process.pid}.cjs`);
    await build({
      entryPoints: [join(__dirname, 'proxy-command.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      target: 'node20',
      logLevel: 'error',
    });
    hosts = await startHosts(`${process.execPath} ${program} ${address}`);
  });

  afterAll(async () => {
    await hosts.stop();
    await Promise.all(sessions.map((session) => session.close()));
    await new Promise((resolve) => granting.close(resolve));
  });

  it('runs a command, passes its input and output, and its exit code', async () => {
    expect(await hosts.client('ssh', ['box', 'echo $HOST_NAME; cat'], 'typed here')).toBe('box\ntyped here');
    await expect(hosts.client('ssh', ['box', 'exit 7'])).rejects.toMatchObject({ code: 7 });
  });

  it('copies files both ways with scp and sftp, unchanged', async () => {
    const { directory } = hosts;
    const bytes = randomBytes(8 * 1_024 * 1_024);
    const file = (name: string): string => join(directory, name);
    writeFileSync(file('sent'), bytes);
    await hosts.client('scp', ['-q', file('sent'), `box:${file('there')}`]);
    await hosts.client('scp', ['-q', `box:${file('there')}`, file('back')]);
    await hosts.client('sftp', ['-q', '-b', '-', 'box'], `get ${file('there')} ${file('fetched')}\n`);
    for (const name of ['there', 'back', 'fetched'])
      expect(sha256(readFileSync(file(name)))).toBe(sha256(bytes));
  });

  it('goes on to a second host with -J', async () => {
    expect(await hosts.client('ssh', ['-J', 'box', 'inner', 'echo $HOST_NAME'])).toBe('inner\n');
  });

  it('leaves no session open when it ends', async () => {
    const ended = Promise.all(sessions.map((session) => session.ended));
    expect(sessions.length).toBeGreaterThanOrEqual(6);
    expect(await ended).toEqual(sessions.map(() => ''));
  });
});
