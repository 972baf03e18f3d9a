import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { CHUNK_BYTES } from '../../../contract/intake';
import { Conversation } from '../../../jumpbox/intake/protocol';
import { Stop } from '../../../jumpbox/stop';
import { takeTar } from '../../../jumpbox/intake/tar';
import { sendFiles } from '../../../cli/push/send';
import { outgoingOf } from '../../support/outgoing';
import { memoryBox, PACK } from './memory-box';

const hello = { type: 'hello', version: 1, client: 'test' };
const hash = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const line = (message: object): Buffer => Buffer.from(`${JSON.stringify(message)}\n`);

/** What an honest client says of one small file. */
function whole(number: number, path: string, content: Buffer, lie: object = {}, dataLie?: Buffer): Buffer[] {
  const data = dataLie ?? gzipSync(content);
  return [
    line({ type: 'file', file: number, path, bytes: content.length }),
    line({ type: 'chunk', file: number, bytes: content.length, sha256: hash(content), ...lie }),
    line({ type: 'data', file: number, chunk: 0, encoding: 'gzip', length: data.length }),
    data,
    line({ type: 'close', file: number }),
  ];
}

describe('a push', () => {
  test('stores what was announced, under its path and hash, and lists it', async () => {
    const { talk, stored, listed, said } = memoryBox();
    const content = Buffer.from('hello\n');
    await talk(Readable.from([line(hello), ...whole(0, 'etc/motd', content), line({ type: 'end' })]));
    expect([...stored.keys()]).toEqual([`etc/motd/${hash(content)}`]);
    const place = { pack: PACK, at: 0, length: gzipSync(content).length, encoding: 'gzip' };
    expect(listed).toEqual([{ path: 'etc/motd', bytes: 6, chunks: [{ sha256: hash(content), ...place }] }]);
    expect(said).toEqual([
      { type: 'answer', file: 0, chunk: 0, send: true },
      { type: 'outcome', file: 0, outcome: 'stored' },
    ]);
  });

  const content = Buffer.from('the truth\n');
  const LIES: readonly (readonly [string, Buffer[], RegExp])[] = [
    ['a wrong hash', whole(0, 'a', content, { sha256: '0'.repeat(64) }), /not what its SHA-256 announced/],
    ['a size that is too small', whole(0, 'a', content, { bytes: 3 }), /do not unpack/],
    ['data that are no gzip', whole(0, 'a', content, {}, Buffer.from('plain')), /do not unpack/],
    ['a bomb', whole(0, 'a', content, {}, gzipSync(Buffer.alloc(50 * 1024 ** 2))), /do not unpack/],
    [
      'something behind the data',
      whole(0, 'a', content, {}, Buffer.concat([gzipSync(content), Buffer.from('extra')])),
      /hold more|do not unpack/,
    ],
    [
      'no data',
      [...whole(0, 'a', content).slice(0, 2), line({ type: 'close', file: 0 })],
      /not all of its data/,
    ],
    [
      'a short chunk before the last',
      [
        line({ type: 'file', file: 0, path: 'a', bytes: 10 }),
        line({ type: 'chunk', file: 0, bytes: 5, sha256: hash(content) }),
        line({ type: 'chunk', file: 0, bytes: 5, sha256: hash(content) }),
        line({ type: 'close', file: 0 }),
      ],
      /too short/,
    ],
  ];
  test.each(LIES)('refuses %s, and goes on with the next file', async (_, lie, reason) => {
    const { talk, listed, refused, stored } = memoryBox();
    await talk(Readable.from([line(hello), ...lie, ...whole(1, 'b', content), line({ type: 'end' })]));
    expect(refused).toEqual([{ path: 'a', reason: expect.stringMatching(reason) as string }]);
    expect(listed.map(({ path }) => path)).toEqual(['b']);
    expect([...stored.keys()].filter((key) => key.startsWith('a/'))).toEqual([]);
  });

  test('refuses names, sizes and numbers by its rules', async () => {
    const { talk, refused, listed } = memoryBox({ maxFiles: 6, maxFileMiB: 1, refuse: ['**/*.key'] });
    const big = [
      line({ type: 'file', file: 4, path: 'big', bytes: 2 * 1024 ** 2 }),
      line({ type: 'close', file: 4 }),
    ];
    await talk(
      Readable.from([
        line(hello),
        ...whole(0, '../x', content),
        ...whole(1, 'a/x.key', content),
        ...whole(2, 'Readme', content),
        ...whole(3, 'README', content),
        ...big,
        ...whole(5, 'ok', content),
        ...whole(6, 'one-more', content),
        line({ type: 'end' }),
      ]),
    );
    expect(listed.map(({ path }) => path).sort()).toEqual(['Readme', 'ok']);
    expect(Object.fromEntries(refused.map(({ path, reason }) => [path, reason]))).toEqual({
      '../x': expect.stringContaining('. or ..') as string,
      'a/x.key': 'the rules refuse **/*.key',
      README: expect.stringContaining('same name') as string,
      big: expect.stringContaining('1 MiB are accepted') as string,
      'one-more': 'a push may hold 6 files',
    });
  });

  test('never ends: garbage, cut lines and trickling are sent away', async () => {
    await expect(memoryBox().talk(Readable.from([line(hello), Buffer.alloc(100_000, 'x')]))).rejects.toThrow(
      'longer than',
    );
    await expect(
      memoryBox().talk(Readable.from([line(hello), Buffer.from('{"type":"file"')])),
    ).rejects.toThrow('cut');
    await expect(memoryBox().talk(Readable.from([line(hello)]))).rejects.toThrow('cut before');
    const silent = new PassThrough();
    silent.write(line(hello));
    await expect(memoryBox().talk(silent, 50)).rejects.toThrow('Nothing whole came');
    silent.destroy();
  });

  test('survives anything that may come, and lists only what is stored', async () => {
    const message = fc.oneof(
      fc.record({
        type: fc.constant('file'),
        file: fc.nat(3),
        path: fc.constantFrom('a', '../a', 'b/c', '\u001b'),
        bytes: fc.nat(20),
      }),
      fc.record({
        type: fc.constant('chunk'),
        file: fc.nat(3),
        bytes: fc.nat(20),
        sha256: fc.constantFrom(hash(content), '0'.repeat(64)),
      }),
      fc.record({
        type: fc.constant('data'),
        file: fc.nat(3),
        chunk: fc.nat(2),
        encoding: fc.constant('identity'),
        length: fc.nat(20),
      }),
      fc.record({ type: fc.constantFrom('close', 'drop'), file: fc.nat(3), reason: fc.constant('x') }),
      fc.record({ type: fc.constantFrom('end', 'ping', 'hello', 'other') }),
    );
    const piece = fc.oneof(
      { weight: 6, arbitrary: message.map(line) },
      { weight: 2, arbitrary: fc.constant(content) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)) },
      {
        weight: 2,
        arbitrary: fc.nat(2).map((number) => Buffer.concat(whole(number, `f${number}`, content))),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const { talk, listed, stored } = memoryBox();
        await talk(Readable.from([line(hello), ...pieces])).catch((error: unknown) => {
          if (!(error instanceof Stop)) throw error;
        });
        for (const { path, chunks } of listed)
          if (chunks.some(({ sha256 }) => !stored.has(`${path}/${sha256}`)))
            throw new Error(`${path} is not there`);
        for (const key of stored.keys())
          if (!/^(a|b\/c|f\d)\/[0-9a-f]{64}$/.test(key)) throw new Error(`${key} is outside`);
      }),
      { numRuns: 1_000 },
    );
  }, 60_000);
});

describe('the client and the box', () => {
  const send = async (
    on: ReturnType<typeof memoryBox>,
    files: readonly (readonly [string, Buffer])[],
    bytesPerSecond?: number,
  ) => {
    const [toBox, toClient] = [new PassThrough(), new PassThrough()];
    const conversation = new Conversation(toBox, on.push, (message) => {
      toClient.write(`${JSON.stringify(message)}\n`);
      return Promise.resolve();
    });
    async function* outgoing() {
      await Promise.resolve();
      for (const [path, content] of files) yield outgoingOf(path, content);
    }
    let sentBytes = 0;
    const done = sendFiles({ input: toBox, output: toClient }, outgoing(), {
      client: 'test',
      bytesPerSecond,
      progress: (sent) => (sentBytes = sent.sentBytes),
    });
    done.catch(() => undefined);
    await conversation.greet();
    await conversation.files();
    toClient.end();
    await done.catch(() => undefined);
    return sentBytes;
  };

  test('carry files of every size; what is there is not sent again', async () => {
    const on = memoryBox();
    const large = Buffer.alloc(2 * CHUNK_BYTES + 5, 'large ');
    large.write('beginning');
    const files = [
      ['empty', Buffer.alloc(0)],
      ['small', Buffer.from('x')],
      ['large', large],
    ] as const;
    const first = await send(on, files);
    expect(on.listed.map(({ path, bytes, chunks }) => [path, bytes, chunks.length]).sort()).toEqual([
      ['empty', 0, 0],
      ['large', large.length, 3],
      ['small', 1, 1],
    ]);
    const again = memoryBox();
    again.know(on.stored);
    const second = await send(again, files);
    expect(again.listed).toHaveLength(3);
    expect(again.stored.size).toBe(0);
    expect(second).toBeLessThan(first / 10);
  });

  test('take no more of the line than they may', async () => {
    const bytesPerSecond = 200_000;
    const noise = randomBytes(100_000);
    const began = performance.now();
    const sent = await send(memoryBox(), [['noise', noise]], bytesPerSecond);
    expect(sent).toBeGreaterThan(noise.length);
    // A timer may be a millisecond early.
    expect((performance.now() - began) / 1000).toBeGreaterThan((sent / bytesPerSecond) * 0.95);
  });
});

test('a tar that is no tar, or ends too early, is refused as a whole', async () => {
  const { push } = memoryBox();
  await expect(
    takeTar(Readable.from([Buffer.alloc(10_000, 'no tar ')]), push, () => undefined),
  ).rejects.toThrow();
  await expect(takeTar(Readable.from([]), memoryBox().push, () => undefined)).rejects.toThrow('tar stream');
});
