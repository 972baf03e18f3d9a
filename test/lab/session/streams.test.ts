import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { PassThrough, type Readable } from 'node:stream';
import { openSession, pipePlain, runShell } from '../../../cli/session/index';
import type { ShellProcess } from '../../../lab/session/index';
import { clientSession, labSession, serve, ticketFor, unusedPort } from './support';

const MIB = 1_024 * 1_024;

async function all(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What a stream holds that nobody has read. */
const held = (stream: Readable): string => String(stream.read());

describe('plain bytes, as SSH wants them', () => {
  it('go both ways unchanged, and the session ends with the far end', async () => {
    const bytes = randomBytes(2 * MIB);
    const port = await serve((socket) => {
      let left = bytes.length;
      socket.on('data', (chunk) => {
        socket.write(chunk);
        if ((left -= chunk.length) === 0) socket.end();
      });
    });
    const lab = await labSession({ properties: { portNumber: String(port) } });
    const session = await clientSession(lab);
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.write(bytes);
    const back = all(output);
    expect(await pipePlain(session, input, output)).toMatchObject({ by: 'service' });
    output.end();
    expect((await back).equals(bytes)).toBe(true);
  });

  it('still bring the answer after the input has ended, then end the session', async () => {
    const port = await serve((socket) => {
      socket.once('data', () => setTimeout(() => socket.write('late answer'), 100));
    });
    const lab = await labSession({ properties: { portNumber: String(port) } });
    const session = await clientSession(lab);
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.end('question');
    expect(await pipePlain(session, input, output)).toMatchObject({ by: 'us' });
    expect(held(output)).toBe('late answer');
    expect(await lab.ended).toBe('');
  });

  it('end when the output is closed', async () => {
    const port = await serve((socket) => socket.write('x'));
    const lab = await labSession({ properties: { portNumber: String(port) } });
    const output = new PassThrough();
    const end = pipePlain(await clientSession(lab), new PassThrough(), output);
    output.destroy();
    expect(await end).toMatchObject({ by: 'us' });
  });

  it('end with the reason when the port cannot be reached', async () => {
    const port = await unusedPort();
    const lab = await labSession({ properties: { host: '127.0.0.1', portNumber: String(port) } });
    const session = await clientSession(lab);
    expect((await pipePlain(session, new PassThrough(), new PassThrough())).message).toMatch(
      /^The session was closed: Unable to connect to specified port: .*ECONNREFUSED/,
    );
  });
});

describe('a shell', () => {
  const shell =
    (script: string, resize?: ShellProcess['resize']): (() => ShellProcess) =>
    () => ({
      child: spawn('sh', ['-c', script]),
      ...(resize === undefined ? {} : { resize }),
    });

  it('takes keystrokes and sizes, and shows what the box says until it ends', async () => {
    const sizes: string[] = [];
    const lab = await labSession({
      sessionType: 'Standard_Stream',
      spawnShell: shell('read name; echo "hello $name"; echo oops >&2', (cols, rows) =>
        sizes.push(`${cols}x${rows}`),
      ),
    });
    const session = await clientSession(lab);
    const [input, output] = [new PassThrough(), new PassThrough()];
    let changed = (): void => undefined;
    const end = runShell(session, {
      input,
      output,
      size: () => ({ cols: 80 + sizes.length, rows: 25 }),
      onResize: (callback) => {
        changed = callback;
        return () => (changed = () => undefined);
      },
    });
    await session.flushed();
    changed();
    await session.flushed();
    input.write('operator\n');
    expect(await end).toMatchObject({ by: 'service' });
    expect(held(output)).toBe('hello operator\noops\n');
    expect(sizes).toEqual(['80x25', '81x25']);
  });

  it('keeps standard error apart and tells the exit code of a command', async () => {
    const lab = await labSession({
      sessionType: 'NonInteractiveCommands',
      spawnShell: shell('echo out; echo err >&2; exit 3'),
    });
    const [output, error] = [new PassThrough(), new PassThrough()];
    const end = await runShell(await clientSession(lab), { input: new PassThrough(), output, error });
    expect(end.exitCode).toBe(3);
    expect([held(output), held(error)]).toEqual(['out\n', 'err\n']);
  });

  it('ends with the session', async () => {
    const lab = await labSession({ sessionType: 'Standard_Stream', spawnShell: shell('exec sleep 600') });
    const session = await clientSession(lab);
    const end = runShell(session, { input: new PassThrough(), output: new PassThrough() });
    await session.terminate();
    expect(await end).toMatchObject({ by: 'us' });
    expect(await lab.ended).toBe('');
  });

  it('passes 4 MB of output unchanged to a reader that is slow to begin', async () => {
    const lab = await labSession({
      sessionType: 'Standard_Stream',
      spawnShell: shell('head -c 4194304 /dev/zero'),
    });
    const session = await clientSession(lab);
    const output = new PassThrough();
    const end = runShell(session, { input: new PassThrough(), output });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const got = all(output);
    await end;
    output.end();
    expect((await got).equals(Buffer.alloc(4 * MIB))).toBe(true);
  });
});

describe('a session with limits', () => {
  it.each([
    ['idle for too long', { idleMinutes: 0.005 }, /due to inactivity/],
    ['open for too long', { maxMinutes: 0.005 }, /maximum duration/],
  ])('is closed when it was %s', async (_what, limits, reason) => {
    const port = await serve((socket) => socket.resume());
    const lab = await labSession({ properties: { portNumber: String(port) }, ...limits });
    // A slow machine may have the session closed before it is open: then opening it fails with the same words.
    const error = await clientSession(lab).then(
      async (session) => (await session.ended).error,
      (early: unknown) => early,
    );
    expect(error).toMatchObject({ code: 'closed', message: expect.stringMatching(reason) as string });
  });
});

describe('an encrypted session', () => {
  const dataKey = randomBytes(64);
  const decrypt = (ciphertext: Buffer): Promise<Buffer> =>
    ciphertext.toString() === 'wrapped'
      ? Promise.resolve(dataKey)
      : Promise.reject(new Error('not this key'));

  it('proves its key, says so, and carries the bytes', async () => {
    const port = await serve((socket) => socket.pipe(socket));
    const lab = await labSession({
      properties: { portNumber: String(port) },
      encryption: { kmsKeyId: 'key-1', decrypt },
    });
    const asked: unknown[] = [];
    const notices: string[] = [];
    const session = await clientSession(lab, {
      dataKey: (request) => {
        asked.push(request);
        return Promise.resolve({ plaintext: dataKey, ciphertext: Buffer.from('wrapped') });
      },
      notice: (line) => notices.push(line),
    });
    const [input, output] = [new PassThrough(), new PassThrough()];
    const bytes = randomBytes(100_000);
    input.end(bytes);
    const back = all(output);
    await pipePlain(session, input, output);
    output.end();
    expect((await back).equals(bytes)).toBe(true);
    expect(asked).toEqual([{ kmsKeyId: 'key-1', sessionId: 'operator-0123456789abcdef0' }]);
    expect(notices).toContain('This session is encrypted using AWS KMS.');
  });

  it('is refused with a reason where no key can be made', async () => {
    const lab = await labSession({
      properties: { portNumber: '1' },
      encryption: { kmsKeyId: 'key-1', decrypt },
    });
    await expect(openSession(ticketFor(lab))).rejects.toMatchObject({
      message: expect.stringContaining('encryption with a KMS key') as string,
    });
  });

  it('is refused when the keys differ', async () => {
    const lab = await labSession({
      properties: { portNumber: '1' },
      encryption: { kmsKeyId: 'key-1', decrypt },
    });
    const other = (): Promise<{ plaintext: Buffer; ciphertext: Buffer }> =>
      Promise.resolve({ plaintext: randomBytes(64), ciphertext: Buffer.from('wrapped') });
    await expect(openSession(ticketFor(lab, { dataKey: other }))).rejects.toMatchObject({
      code: 'protocol',
      message: expect.stringContaining('encryption challenge failed') as string,
    });
  });
});
