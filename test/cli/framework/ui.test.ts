import { PassThrough } from 'node:stream';
import { Problem } from '../../../cli/framework/problem';
import { table, Ui } from '../../../cli/framework/ui';

function uiOn(isTTY: boolean, environment: Record<string, string> = {}, json = false) {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => {
    const pass = new PassThrough();
    pass.on('data', (chunk: Buffer) => (written[name] += chunk.toString()));
    return Object.assign(pass, { isTTY, columns: 80 }) as unknown as NodeJS.WriteStream;
  };
  return { ui: new Ui({ stdout: stream('out'), stderr: stream('err'), json, environment }), written };
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('away from a terminal, nothing but results, warnings and problems', async () => {
  const { ui, written } = uiOn(false);
  ui.say('hello');
  await ui.step('Working', (progress) => {
    progress('half');
    return Promise.resolve();
  });
  ui.result({ a: 1 }, 'one');
  await tick();
  expect(written).toEqual({ out: 'one\n', err: '' });
  ui.warn('careful');
  await tick();
  expect(written.err).toBe('careful\n');
});

test('on a terminal a step leaves one line, with a mark of how it went', async () => {
  const { ui, written } = uiOn(true);
  await ui.step(
    'Working',
    () => Promise.resolve(3),
    (result) => `done ${result}`,
  );
  await expect(ui.step('Failing', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await tick();
  expect(written.err).toContain('✓');
  expect(written.err).toContain('done 3');
  expect(written.err).toContain('✗');
  expect(written.out).toBe('');
});

test.each([
  ['on a terminal', true, {}, true],
  ['with NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['on a dumb terminal', true, { TERM: 'dumb' }, false],
  ['in a pipe', false, {}, false],
])('colour %s', async (_, isTTY, environment, coloured) => {
  const { ui, written } = uiOn(isTTY, environment);
  ui.problem(new Problem(1, 'no', 'yes'));
  await tick();
  expect(written.err.includes('\u001b[31m')).toBe(coloured);
});

test('--json prints the value and nothing else', async () => {
  const { ui, written } = uiOn(false, {}, true);
  ui.result({ a: [1] }, 'one');
  await tick();
  expect(JSON.parse(written.out)).toEqual({ a: [1] });
});

test('a table is as wide as its widest cells', () => {
  expect(
    table(
      ['A', 'LONG'],
      [
        ['one', 'x'],
        ['', 'y'],
      ],
    ),
  ).toBe('A    LONG\none  x\n     y');
});
