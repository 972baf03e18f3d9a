/** What a hostile machine may send, by the tens of thousands; without `expect` inside: it costs more than what is tested. */
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { sendFiles } from '../../../cli/push/send';
import { intakeRules } from '../../../contract/intake';
import { credentialsIn } from '../../../jumpbox/intake/checks/credentials';
import { gzipHeaderBytes, ZipMeter } from '../../../jumpbox/intake/checks/bombs';
import { contradictionIn } from '../../../jumpbox/intake/checks/kinds';
import { pathRule } from '../../../jumpbox/intake/checks/patterns';
import { unpack } from '../../../jumpbox/intake/unpack';
import { Stop } from '../../../jumpbox/stop';
import { takeTar } from '../../../jumpbox/intake/tar';
import { outgoingOf } from '../../support/outgoing';
import { memoryBox } from './memory-box';

const HELLO = Buffer.from('{"type":"hello","version":1,"client":"x"}\n');
const odd = fc.oneof(
  fc.constantFrom('..', '/', '\u001b[2J', '\u202e', '\\x2e', '\0', '\u009b', '__proto__', 'constructor', 'a'),
  fc.string({ maxLength: 20 }),
);
const text = fc.array(odd, { maxLength: 4 }).map((parts) => parts.join(''));
const number = fc.oneof(fc.nat(3), fc.constantFrom(-1, 0.5, 2 ** 53, 1e308, Number.MAX_SAFE_INTEGER));
const value = fc.oneof(number, text, fc.constantFrom(null, true, [], {}), fc.jsonValue({ maxDepth: 2 }));
const KEYS = ['file', 'path', 'bytes', 'chunk', 'sha256', 'encoding', 'length', 'reason', 'mode'];
const message = fc
  .tuple(
    fc.constantFrom('file', 'chunk', 'data', 'close', 'drop', 'ping', 'end', 'hello', '__proto__'),
    fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 5 }),
    fc.nat(2),
  )
  .map(([type, more, file]) => ({ file, path: `f${file}`, bytes: 3, ...more, type }));
const piece = fc.oneof(
  { weight: 5, arbitrary: message.map((one) => Buffer.from(`${JSON.stringify(one)}\n`)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
);

test('6,000 conversations: no crash, nothing stored or listed outside, no text that moves a cursor', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
      const { talk, stored, listed, refused } = memoryBox();
      await talk(Readable.from([HELLO, ...pieces])).catch((error: unknown) => {
        // Whatever comes is answered by a sentence; anything else would be a crash of the box's program.
        if (!(error instanceof Stop)) throw error;
      });
      const paths = [...stored.keys(), ...listed.map(({ path }) => path)];
      if (paths.some((path) => path.startsWith('/') || path.split('/').includes('..')))
        throw new Error(`outside: ${JSON.stringify(paths)}`);
      const said = [
        ...listed.map(({ path }) => path),
        ...refused.flatMap(({ path, reason }) => [path, reason]),
      ];
      if (said.some((one) => /[\p{Cc}\u202e]/u.test(one))) throw new Error(`unsafe: ${JSON.stringify(said)}`);
    }),
    { numRuns: 6_000 },
  );
}, 300_000);

test('20,000 contents and names: every check ends, and says only what it knows', () => {
  const rule = pathRule(intakeRules.parse({ refuse: ['**/*.key', '**/.ssh/**'] }));
  const magic = fc.constantFrom(
    '',
    '\x1f\x8b\x08\x1e',
    'PK\x01\x02',
    'PK\x03\x04',
    '://a:',
    'AKIA',
    '-----BEGIN ',
  );
  fc.assert(
    fc.property(magic, fc.uint8Array({ maxLength: 80 }), text, (begin, bytes, name) => {
      const content = Buffer.concat([Buffer.from(begin, 'latin1'), bytes]);
      const findings = [
        ...credentialsIn(content),
        ...contradictionIn(name, content),
        ...new ZipMeter(content.length).take(content),
      ];
      const header = gzipHeaderBytes(content);
      rule(name);
      return (
        (header === undefined || (header >= 10 && header < content.length)) &&
        findings.every(({ reason }) => !/[\p{Cc}\u202e]/u.test(reason))
      );
    }),
    { numRuns: 20_000 },
  );
}, 120_000);

test('1,000 packed chunks that are cut, lengthened or altered are never taken for what was announced', async () => {
  const content = Buffer.from('the content that was announced '.repeat(20));
  const packed = gzipSync(content);
  const sha256 = '9'.repeat(64);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(packed.length - 1),
      fc.nat(255),
      fc.uint8Array({ maxLength: 9 }),
      async (at, byte, more) => {
        const altered = Buffer.concat([
          packed.subarray(0, at),
          Buffer.from([byte]),
          packed.subarray(at + 1),
          more,
        ]);
        const taken = await unpack({ bytes: altered, encoding: 'gzip' }, { sha256, bytes: content.length });
        if (typeof taken !== 'string') throw new Error('taken although the hash is another');
      },
    ),
    { numRuns: 1_000 },
  );
}, 60_000);

test('1,000 streams that are nearly tar end, and lead nowhere', async () => {
  const block = fc.oneof(
    fc.constant(Buffer.alloc(512)),
    fc.uint8Array({ minLength: 512, maxLength: 512 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(text, fc.nat(2_000), fc.constantFrom('0', '1', '2', '5', 'L', 'x', 'g'))
      .map(([name, size, type]) => {
        const header = Buffer.alloc(512);
        header.write(name, 0, 100);
        header.write('0000644\0', 100);
        header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
        header.write('00000000000\0        ', 136);
        header.write(type, 156);
        header.write('ustar\x0000', 257, 'latin1');
        const sum = header.reduce((total, one) => total + one, 0);
        header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
        return header;
      }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(block, { maxLength: 6 }), async (blocks) => {
      const { push, stored } = memoryBox();
      await takeTar(Readable.from(blocks), push, () => undefined).catch((error: unknown) => {
        if (!(error instanceof Stop)) throw error;
      });
      if ([...stored.keys()].some((key) => key.startsWith('/') || key.split('/').includes('..')))
        throw new Error('outside');
    }),
    { numRuns: 1_000 },
  );
}, 120_000);

test('500 hostile boxes: the machine’s side ends with a sentence', async () => {
  const answer = fc.oneof(
    message.map((one) => ({ ...one, type: 'answer', send: true })),
    fc.record({
      type: fc.constantFrom('outcome', 'receipt', 'error', 'hello', 'done'),
      file: number,
      message: text,
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { maxLength: 5 }), async (answers) => {
      const [input, output] = [new PassThrough(), new PassThrough()];
      input.resume();
      async function* files() {
        await Promise.resolve();
        yield outgoingOf('a', Buffer.from('x'));
      }
      const done = sendFiles({ input, output }, files(), { client: 'test' }).then(
        () => 'committed',
        (error: unknown) => (error instanceof Error ? error.name : 'no error'),
      );
      for (const one of answers) output.write(`${JSON.stringify(one)}\n`);
      output.end();
      const how = await done;
      if (how !== 'PushBroken') throw new Error(how);
    }),
    { numRuns: 500 },
  );
}, 120_000);

test('memory stays flat while 100,000 files are announced and refused', async () => {
  const FILES = 100_000;
  async function* announced() {
    await Promise.resolve();
    yield HELLO;
    for (let at = 0; at < FILES; at += 500) {
      let lines = '';
      for (let file = at; file < at + 500; file += 1)
        lines += `{"type":"file","file":${file},"path":"../${file}","bytes":0}\n{"type":"close","file":${file}}\n`;
      yield Buffer.from(lines);
    }
    yield Buffer.from('{"type":"end"}\n');
  }
  const { talk, refused, said } = memoryBox();
  // What a box hands on is no memory of its own.
  let count = 0;
  refused.push = () => (count += 1);
  said.push = () => 0;
  const before = process.memoryUsage();
  await talk(Readable.from(announced()), 60_000);
  const after = process.memoryUsage();
  expect(count).toBe(FILES);
  expect((after.heapUsed - before.heapUsed) / 1024 ** 2).toBeLessThan(60);
}, 300_000);
