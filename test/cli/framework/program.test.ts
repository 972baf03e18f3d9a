import type { Command, Context } from '../../../cli/framework/command';
import { Problem } from '../../../cli/framework/problem';
import { EXIT } from '../../../contract/exit-codes';
import { drawbridge } from '../support';

let seen:
  { context: Context; options: unknown; words: readonly string[]; behind: readonly string[] } | undefined;

const probe = (run: () => unknown = () => undefined): Command => ({
  name: 'probe',
  summary: 'looks',
  examples: [['drawbridge probe', 'looks around']],
  configure: (parser) => {
    parser.argument('[words...]').option('--deep', 'deeper');
  },
  run: (context, options, words, behind) => {
    seen = { context, options, words, behind };
    return Promise.resolve(run() as number | undefined);
  },
});

const run = (words: readonly string[], environment: Record<string, string> = {}, command = probe()) =>
  drawbridge(words, { commands: [command], environment });

const failing = (error: unknown) =>
  probe(() => {
    throw error;
  });

describe('words and variables', () => {
  test('global options stand before or after the command', async () => {
    await run(['--stack', 'one', 'probe', '--region', 'eu-west-1']);
    expect(seen?.context).toMatchObject({ stack: 'one', region: 'eu-west-1' });
    await run(['probe', '--stack', 'two', '--profile', 'work']);
    expect(seen?.context).toMatchObject({ stack: 'two', profile: 'work', region: undefined });
  });

  test('variables count as for the AWS CLI, and an option counts more', async () => {
    await run(['probe'], {
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_DEFAULT_PROFILE: 'old',
      DRAWBRIDGE_STACK: 's',
    });
    expect(seen?.context).toMatchObject({ region: 'us-east-1', profile: 'old', stack: 's' });
    await run(['probe'], { AWS_DEFAULT_REGION: 'us-east-1', AWS_REGION: 'us-west-2', AWS_PROFILE: 'new' });
    expect(seen?.context).toMatchObject({ region: 'us-west-2', profile: 'new', stack: 'drawbridge' });
    await run(['probe', '--region', 'sa-east-1'], { AWS_REGION: 'us-west-2' });
    expect(seen?.context.region).toBe('sa-east-1');
    await run(['probe'], { AWS_REGION: '' });
    expect(seen?.context.region).toBeUndefined();
  });

  test('what stands behind -- is left alone', async () => {
    await run(['probe', 'one', '--deep', '--', '-c', 'select 1', '--json']);
    expect(seen).toMatchObject({
      options: { deep: true },
      words: ['one'],
      behind: ['-c', 'select 1', '--json'],
    });
    expect(seen?.context.ui.json).toBe(false);
  });

  test('the command decides the exit code', async () => {
    expect((await run(['probe'])).code).toBe(0);
    expect(
      (
        await run(
          ['probe'],
          {},
          probe(() => 3),
        )
      ).code,
    ).toBe(3);
  });
});

describe('help', () => {
  test('goes to standard output, with the examples, and is no failure', async () => {
    const help = await run(['probe', '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('drawbridge probe  looks around');
    expect(help.stdout).toContain('--stack <name>');
    expect(await run(['--version'])).toMatchObject({ code: 0, stdout: '1.2.3\n' });
  });

  test.each([
    [['prob'], 'Did you mean probe?'],
    [['probe', '--dep'], 'Did you mean --deep?'],
    [['probe', '--stack'], 'argument missing'],
    [[], 'Usage: drawbridge'],
  ])('wrong words (%j) end with 64 and say what is right', async (words, says) => {
    const ran = await run(words);
    expect(ran).toMatchObject({ code: EXIT.usage, stdout: '' });
    expect(ran.stderr).toContain(says);
  });
});

describe('errors', () => {
  test('are a sentence and a next step, on standard error', async () => {
    const ran = await run(
      ['probe'],
      {},
      failing(new Problem(EXIT.notFound, 'It is not there.', 'Look elsewhere.')),
    );
    expect(ran).toEqual(
      expect.objectContaining({
        code: 66,
        stdout: '',
        stderr: 'drawbridge: It is not there.\nLook elsewhere.\n',
      }),
    );
  });

  test('are JSON where the result would be', async () => {
    const ran = await run(['probe', '--json'], {}, failing(new Problem(EXIT.notFound, 'Gone.', 'Look.')));
    expect(JSON.parse(ran.stderr)).toEqual({ error: { message: 'Gone.', next: 'Look.', exitCode: 66 } });
    expect(ran.stdout).toBe('');
  });

  test('show where they were noticed only when asked', async () => {
    expect((await run(['probe'], {}, failing(new TypeError('odd')))).stderr).not.toContain('program.test.ts');
    const debug = await run(['probe', '--debug'], {}, failing(new TypeError('odd')));
    expect(debug.code).toBe(1);
    expect(debug.stderr).toContain('program.test.ts');
  });

  test('after Ctrl-C are an interruption, whatever was thrown', async () => {
    const interrupt = new AbortController();
    interrupt.abort();
    const ran = await drawbridge(['probe'], {
      commands: [failing(new Error('socket closed'))],
      environment: {},
      interrupted: interrupt.signal,
    });
    expect(ran.code).toBe(130);
  });
});
