import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { officialPlugin } from '../../../lab/official-plugin';
import type { LabSession } from '../../../lab/session/index';
import { FORWARDING, dial, labSession, later, serve, text, until } from './support';

/**
 * Whether the lab tells the truth: AWS's own client, when this machine has it or can build it. Where it cannot, these tests are
 * not in the list, and one test says why.
 */
const part = officialPlugin(console.log);
const PLUGIN = 'program' in part ? part.program : '';

/** Of each session: the plugin names a socket in the temporary directory after it. */
let sessions = 0;
const newSessionId = (): string => `operator-${process.pid}-${(sessions += 1)}`;

/** Starts the plugin as the AWS CLI does (session-manager-plugin, sessionhandler.go), the token in its environment. */
function start(
  sessionId: string,
  lab: LabSession,
): { readonly plugin: ChildProcess; readonly said: () => string } {
  const name = 'AWS_SSM_START_SESSION_RESPONSE';
  const response = {
    SessionId: sessionId,
    StreamUrl: lab.streamUrl,
    TokenValue: 'token-1',
  };
  const request = JSON.stringify({ Target: 'i-0123456789abcdef0' });
  // The endpoint is for resuming and terminating; port 9 refuses both.
  const plugin = spawn(PLUGIN, [name, 'eu-west-1', 'StartSession', '', request, 'http://127.0.0.1:9'], {
    env: {
      ...process.env,
      [name]: JSON.stringify(response),
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
    },
  });
  let output = '';
  plugin.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  later(async () => {
    if (plugin.exitCode === null && plugin.kill('SIGINT')) await once(plugin, 'exit');
  });
  return { plugin, said: () => output };
}

async function forward(
  far: number,
): Promise<{ readonly port: number; readonly plugin: ChildProcess; readonly lab: LabSession }> {
  const sessionId = newSessionId();
  const lab = await labSession({
    sessionId,
    properties: { host: '127.0.0.1', portNumber: String(far), type: FORWARDING, localPortNumber: '0' },
  });
  const { plugin, said } = start(sessionId, lab);
  const opened = /Port (\d+) opened/;
  await until(() => opened.test(said()));
  return { port: Number(opened.exec(said())?.[1]), plugin, lab };
}

if ('missing' in part) {
  it(`leaves out the tests with the official client: ${part.missing}`, () => {
    expect(part.missing).not.toBe('');
  });
} else {
  describe('the official plugin', () => {
    it('forwards a megabyte up and two down, unchanged', async () => {
      const [up, down] = [randomBytes(1_024 * 1_024), randomBytes(2 * 1_024 * 1_024)];
      const far = await serve((socket) => {
        const hash = createHash('sha256');
        let left = up.length;
        socket.on('data', (chunk) => {
          hash.update(chunk);
          if ((left -= chunk.length) === 0) socket.end(Buffer.concat([hash.digest(), down]));
        });
      });
      const { port } = await forward(far);
      const socket = dial(port);
      socket.write(up);
      const chunks: Buffer[] = [];
      for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
      const expected = Buffer.concat([createHash('sha256').update(up).digest(), down]);
      expect(Buffer.concat(chunks).equals(expected)).toBe(true);
    });

    it('forwards ten connections at once', async () => {
      const far = await serve((socket) => {
        socket.once('data', (chunk) => socket.end(`answer to ${chunk.toString()}`));
      });
      const { port } = await forward(far);
      const answers = Array.from({ length: 10 }, (_, index) => {
        const socket = dial(port);
        socket.write(`question ${index}`);
        return text(socket);
      });
      expect(await Promise.all(answers)).toEqual(
        Array.from({ length: 10 }, (_, index) => `answer to question ${index}`),
      );
    });

    it('ends the session when it is interrupted', async () => {
      const far = await serve((socket) => socket.resume());
      const { plugin, lab } = await forward(far);
      const exited = once(plugin, 'exit');
      plugin.kill('SIGINT');
      expect(await exited).toEqual([0, null]);
      expect(await lab.ended).toBe('');
    });

    it('passes plain bytes between its standard input and output', async () => {
      const far = await serve((socket) => {
        socket.once('data', (chunk) => socket.end(`answer to ${chunk.toString()}`));
      });
      const sessionId = newSessionId();
      const lab = await labSession({ sessionId, properties: { portNumber: String(far) } });
      const { plugin, said } = start(sessionId, lab);
      plugin.stdin?.write('question');
      await until(() => said().includes('answer to question'));
    });

    it('shows the closing message', async () => {
      const sessionId = newSessionId();
      const lab = await labSession({
        sessionId,
        properties: { host: '169.254.169.254', portNumber: '80', type: FORWARDING },
      });
      const { said } = start(sessionId, lab);
      await until(() => said().includes('Forwarding to IP address 169.254.169.254 is forbidden.'));
    });
  });
}
