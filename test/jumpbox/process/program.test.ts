import { plainEnvironment, ProgramFailed, start } from '../../../jumpbox/process/program';

test('what is heeded is no part of the last words; what is not is kept, the line without an end too', async () => {
  const heard: string[] = [];
  const heed = (line: string): boolean => {
    heard.push(line);
    return line.startsWith('news');
  };
  const script = String.raw`printf 'news 1\nerr' >&2; sleep 0.05; printf 'or 1\n\nnews 2\nend' >&2; exit 3`;
  const program = start('sh', ['-c', script], { environment: plainEnvironment(), heed });
  const failure: unknown = await program.done.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ProgramFailed);
  expect(program.words()).toBe('error 1\n\nend');
  expect(heard).toEqual(['news 1', 'error 1', '', 'news 2', 'end']);
});

test('a line without end comes in pieces', async () => {
  const lengths: number[] = [];
  const heed = (line: string): boolean => lengths.push(line.length) > 0;
  const program = start('sh', ['-c', 'head -c 100000 /dev/zero | tr "\\0" x >&2'], {
    environment: plainEnvironment(),
    heed,
  });
  await program.done;
  expect(lengths.reduce((sum, one) => sum + one, 0)).toBe(100_000);
  expect(lengths.length).toBeGreaterThan(1);
});
