import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import type { PushConfig } from '../../../cli/push/config';
import type { Line } from '../../../cli/push/line';
import { push, type Pushed } from '../../../cli/push/push';
import { EXIT } from '../../../contract/exit-codes';
import { Conversation } from '../../../jumpbox/intake/protocol';
import { memoryBox } from '../../jumpbox/intake/memory-box';
import { fakeContext } from '../support';

const lambda = mockClient(LambdaClient);
const FILES = 60;
let directory: string;
let config: PushConfig;
/** What S3 holds: it outlives boxes. */
let stored: Map<string, Buffer>;
/** How often each chunk was put. */
let puts: string[];
let boxes: number;

/** A new bucket. */
function forget(): void {
  stored = new Map();
  puts = [];
  boxes = 0;
}

const payload = (value: object) => ({ Payload: new TextEncoder().encode(JSON.stringify(value)) as never });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-push-test-'));
  mkdirSync(join(directory, 'files'));
  for (let at = 0; at < FILES; at += 1)
    writeFileSync(
      join(directory, 'files', `${String(at).padStart(3, '0')}.log`),
      `${Math.random()}\n`.repeat(200),
    );
  config = {
    createFunction: 'create',
    destroyFunction: 'destroy',
    channels: 1,
    paths: [{ path: join(directory, 'files'), as: 'files', exclude: [] }],
  };
  forget();
  lambda.reset();
  lambda.on(InvokeCommand, { FunctionName: 'create' }).callsFake(() => {
    boxes += 1;
    return payload({
      instanceId: `i-0000000${boxes}`,
      expiresAt: 'soon',
      intakeDocument: 'Session',
      connect: {},
    });
  });
  lambda.on(InvokeCommand, { FunctionName: 'destroy' }).resolves(payload({ terminated: [] }));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const events = (name: string): unknown[] =>
  lambda
    .commandCalls(InvokeCommand, { FunctionName: name })
    .map(({ args: [{ input }] }) => JSON.parse(input.Payload as string) as unknown);

/** A line to a box of its own over the same S3; it is cut when so many bytes have gone to the box. */
function lineCutAfter(bytes: number): Line {
  const box = memoryBox();
  box.know(stored);
  const put = box.stored.set.bind(box.stored);
  box.stored.set = (key, content) => {
    puts.push(key);
    stored.set(key, content);
    return put(key, content);
  };
  const output = new PassThrough();
  let left = bytes;
  const input = new Transform({
    transform(piece: Buffer, _, done) {
      left -= piece.length;
      if (left >= 0) done(null, piece);
      else {
        output.destroy();
        done(new Error('cut'));
      }
    },
  });
  const say = (message: object): Promise<void> =>
    Promise.resolve(void output.write(`${JSON.stringify(message)}\n`));
  const conversation = new Conversation(input, box.push, say);
  const talk = async (): Promise<void> => {
    await conversation.greet();
    await conversation.files();
    const { listed, refused } = box;
    const receipt = {
      ...{ formatVersion: 1, source: 'web', box: `i-0000000${boxes}`, by: 'push', client: 'test' },
      ...{ startedAt: '2026-11-22T00:00:00Z', finishedAt: '2026-11-22T00:00:01Z', bytes: 0, unchanged: 0 },
      ...{ receivedBytes: 0, refused: refused.length, flagged: 0, refusals: refused, flags: [] },
      files: listed.length,
      list: { key: 'list', storedBytes: 0, storedSha256: '0'.repeat(64) },
    };
    await say({ type: 'receipt', key: 'receipt.json', receipt });
  };
  talk().catch(() => output.destroy());
  return {
    input,
    output,
    words: () => 'the box has ended',
    close: () => {
      input.destroy();
      output.destroy();
    },
  };
}

/** A push whose lines are cut after so many bytes each, the last one never. */
function pushWith(cuts: readonly number[], interrupted = new AbortController()): Promise<Pushed> {
  let opened = 0;
  const environment = { STATE_DIRECTORY: join(directory, 'state') };
  return push(fakeContext({ environment, interrupted: interrupted.signal }), config, () => undefined, {
    waitMs: 1,
    open: () => {
      const cut = cuts[opened];
      opened += 1;
      if (cut === 0) interrupted.abort();
      return Promise.resolve(lineCutAfter(cut ?? Infinity));
    },
  });
}

const twice = (): string[] => puts.filter((key, at) => puts.indexOf(key) !== at);

test('a lost line is opened again through another box, nothing is sent twice, and every box is ended', async () => {
  const whole = await pushWith([]);
  forget();
  lambda.resetHistory();
  const pushed = await pushWith([whole.sentBytes / 4, whole.sentBytes / 3, whole.sentBytes / 4]);
  expect(pushed.receipt).toMatchObject({ files: FILES, refused: 0 });
  expect([...stored.keys()]).toHaveLength(FILES);
  expect(twice()).toEqual([]);
  expect(events('create')).toHaveLength(4);
  expect(new Set(events('create').map((event) => JSON.stringify(event))).size).toBe(1);
  expect(events('destroy')).toEqual([1, 2, 3, 4].map((at) => ({ instanceId: `i-0000000${at}` })));
  // What had arrived was announced again, and not sent: well below twice the whole.
  expect(pushed.sentBytes).toBeLessThan(whole.sentBytes * 2);
});

test('a run that was ended is resumed by the next one, with the same request and without sending anything twice', async () => {
  const { sentBytes } = await pushWith([]);
  forget();
  lambda.resetHistory();
  // Its second line is opened when Ctrl-C comes.
  await expect(pushWith([sentBytes / 2, 0])).rejects.toThrow();
  const arrived = puts.length;
  expect(arrived).toBeGreaterThan(0);
  expect(readdirSync(join(directory, 'state'))).toHaveLength(1);
  const { receipt } = await pushWith([]);
  expect(receipt.files).toBe(FILES);
  expect(twice()).toEqual([]);
  expect(puts).toHaveLength(FILES);
  const [first, ...others] = events('create') as { requestId: string }[];
  expect(new Set([first, ...others].map((event) => event?.requestId)).size).toBe(1);
  // Once committed, nothing is remembered: the next push is a new one.
  expect(readdirSync(join(directory, 'state'))).toEqual([]);
  lambda.resetHistory();
  await pushWith([]);
  expect((events('create')[0] as { requestId: string }).requestId).not.toBe(first?.requestId);
});

test('a spoilt memory, or none that could be written, costs nothing but time', async () => {
  await expect(pushWith([500, 0])).rejects.toThrow();
  const [name = ''] = readdirSync(join(directory, 'state'));
  writeFileSync(join(directory, 'state', name), '{"files": "many"');
  expect((await pushWith([])).receipt.files).toBe(FILES);
  rmSync(join(directory, 'state'), { recursive: true });
  writeFileSync(join(directory, 'state'), 'a file where the directory should be');
  expect((await pushWith([])).receipt.files).toBe(FILES);
});

test('one source that cannot be read stops nothing else, and is reported', async () => {
  config = {
    ...config,
    paths: [{ path: join(directory, 'none'), as: 'none', exclude: [] }, ...config.paths],
  };
  const { receipt, unread } = await pushWith([]);
  expect(receipt.files).toBe(FILES);
  expect(unread).toEqual([{ path: 'none', reason: 'ENOENT: no such file or directory' }]);
});

test('a box that is not there yet is waited for; any other trouble ends the push and the box', async () => {
  const open = (names: string[]) => () => {
    const name = names.shift();
    if (name === undefined) return Promise.resolve(lineCutAfter(Infinity));
    return Promise.reject(Object.assign(new Error(name), { name }));
  };
  const environment = { STATE_DIRECTORY: join(directory, 'state') };
  const run = (...names: string[]) =>
    push(fakeContext({ environment }), config, () => undefined, { waitMs: 1, open: open(names) });
  expect((await run('EC2InstanceStateInvalidException', 'EC2InstanceNotFoundException')).receipt.files).toBe(
    FILES,
  );
  lambda.resetHistory();
  await expect(run('AccessDeniedException')).rejects.toThrow('AccessDenied');
  expect(events('destroy')).toHaveLength(1);
});

test('a function that opens no intake box is named, and what it opened is ended', async () => {
  lambda
    .on(InvokeCommand, { FunctionName: 'create' })
    .resolves(payload({ instanceId: 'i-00000009', connect: {} }));
  await expect(pushWith([])).rejects.toMatchObject({
    exitCode: EXIT.usage,
    message: expect.stringContaining('createFunction') as string,
  });
  expect(events('destroy')).toEqual([{ instanceId: 'i-00000009' }]);
});
