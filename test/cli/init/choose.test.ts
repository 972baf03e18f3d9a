import { PassThrough } from 'node:stream';
import { choose } from '../../../cli/init/choose';
import { Ui } from '../../../cli/framework/ui';
import { fakeContext } from '../support';

const CHOICES = [
  { label: 'orders', value: 'a' },
  { label: 'shop', value: 'b' },
];

/** Somebody at a terminal. */
function terminal() {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const chunks: string[] = [];
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  stderr.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  const streams = { stdin: stdin as never, stderr: stderr as never, stdout: stderr as never };
  const ui = new Ui({ ...streams, json: false, environment: {} });
  return { stdin, context: fakeContext({ ...streams, ui }), shown: () => chunks.join('') };
}

test('asks until a number of the list is typed', async () => {
  const { stdin, context, shown } = terminal();
  const chosen = choose(context, 'Which?', CHOICES);
  stdin.write('3\n');
  stdin.write('shop\n');
  stdin.write('2\n');
  expect(await chosen).toBe('b');
  expect(shown()).toContain('Which?\n  1  orders\n  2  shop\n');
  expect(shown().match(/1 to 2: /g)).toHaveLength(3);
});

test('the end of the input ends the question', async () => {
  const { stdin, context } = terminal();
  const chosen = choose(context, 'Which?', CHOICES);
  stdin.end('3\n');
  await expect(chosen).rejects.toThrow('Nothing was chosen');
});

test('so does Ctrl-C', async () => {
  const interrupt = new AbortController();
  const { context } = terminal();
  const chosen = choose({ ...context, interrupted: interrupt.signal }, 'Which?', CHOICES);
  interrupt.abort();
  await expect(chosen).rejects.toThrow('Nothing was chosen');
});
