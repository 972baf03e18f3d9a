import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Stage, staged } from '../../../jumpbox/compression/staged';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-test-'));
  file = join(directory, 'input');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const stage = (work: Stage['work'], explained: Stage['explained'] = (error) => error): Stage => ({
  work,
  end: () => Promise.resolve(),
  words: () => 'last words',
  explained,
});
const giving = (output: Readable, done: Promise<unknown> = Promise.resolve()) =>
  Promise.resolve({ output, done });

test('the work begins when the whole input is in the file, and its output is the output', async () => {
  let seen = '';
  const program = staged(
    file,
    stage(() => {
      seen = readFileSync(file, 'utf8');
      return giving(Readable.from([Buffer.from('packed')]));
    }),
  );
  program.stdin.write('first ');
  expect(seen).toBe('');
  program.stdin.end('second');
  expect(await text(program.stdout)).toBe('packed');
  await program.done;
  expect(seen).toBe('first second');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(program.words()).toBe('last words');
});

test('what failed is explained, and the output ends, so that nobody waits for it', async () => {
  const failure = Promise.reject(new Error('code 2'));
  failure.catch(() => undefined);
  const program = staged(
    file,
    stage(
      () => giving(Readable.from([Buffer.from('half')]), failure),
      (error) => new Error(`explained: ${String(error)}`),
    ),
  );
  program.stdin.end('x');
  expect(await text(program.stdout)).toBe('half');
  await expect(program.done).rejects.toThrow('explained: Error: code 2');
});

test('a file that cannot be written is a failure too', async () => {
  const work = jest.fn();
  const program = staged(join(directory, 'absent', 'input'), stage(work));
  program.stdin.end('x');
  await expect(program.done).rejects.toThrow('ENOENT');
  expect(work).not.toHaveBeenCalled();
});

test('ended before its input is whole, it never begins to work', async () => {
  const work = jest.fn();
  const program = staged(file, stage(work));
  program.stdin.write('x');
  await program.end();
  await expect(program.done).rejects.toThrow('ended before');
  expect(work).not.toHaveBeenCalled();
});

test('ended while nobody reads its output, it ends all the same and lets go of that', async () => {
  const endless = new Readable({
    read() {
      this.push(Buffer.alloc(64 * 1024));
    },
  });
  const began = new Promise<void>((resolve) => endless.once('resume', resolve));
  const program = staged(
    file,
    stage(() => giving(endless)),
  );
  program.stdin.end('x');
  await began;
  await program.end();
  await expect(program.done).rejects.toThrow();
  expect([endless.destroyed, program.stdout.destroyed, existsSync(file)]).toEqual([true, true, true]);
});
