import { EXIT } from '../../contract/exit-codes';
import { parseWords } from '../../jumpbox/words';
import { Stop } from '../../jumpbox/stop';

const refusal = (argv: readonly string[]): Stop => {
  try {
    parseWords(argv);
  } catch (error) {
    if (error instanceof Stop) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('the command line of the box', () => {
  it('reads backup and prove', () => {
    expect(parseWords(['backup'])).toEqual({ command: 'backup', json: false });
    expect(parseWords(['backup', '--json'])).toEqual({ command: 'backup', json: true });
    expect(parseWords(['prove'])).toEqual({
      command: 'prove',
      json: false,
      ...{ prefix: undefined, every: 1, keys: undefined },
    });
    expect(parseWords(['prove', '--every', '7'])).toMatchObject({ every: 7 });
  });

  it('reads a prefix with and without its slash', () => {
    expect(parseWords(['prove', '--prefix', 'backups/a/b'])).toMatchObject({ prefix: 'backups/a/b/' });
    expect(parseWords(['prove', '--json', '--prefix', 'backups/a/b/'])).toMatchObject({
      prefix: 'backups/a/b/',
      json: true,
    });
  });

  it.each([
    [[], 'A command is needed.'],
    [['recover'], 'There is no command recover.'],
    [['backup', '--prefix', 'backups/x/'], 'backup does not take --prefix.'],
    [['prove', '--prefix'], '--prefix needs a value.'],
    [['prove', '--prefix', 'intake/x/'], '--prefix must begin with backups/, but is intake/x/.'],
    [['prove', '--every', '0'], '--every must be a whole number from 1 to 999, but is 0.'],
    [['backup', '--every', '7'], 'backup does not take --every.'],
    [['prove', '--keys', 'a b'], '--keys must be base64.'],
    [['one-time-key'], '--prefix is needed.'],
    [['prove', '--fast'], 'prove does not take --fast.'],
  ])('refuses %j and says how it is used', (argv, problem) => {
    const stop = refusal(argv);
    expect(stop.exit).toBe(EXIT.usage);
    expect(stop.message).toContain(problem);
    expect(stop.message).toContain('usage: jumpbox backup');
  });

  it('reads a restore', () => {
    const nothing = { prefix: undefined, into: undefined, over: undefined, jobs: undefined, keys: undefined };
    expect(parseWords(['restore'])).toEqual({ command: 'restore', json: false, ...nothing, roles: 'refuse' });
    const words =
      '--prefix backups/a/b --into fresh --over fresh --jobs 4 --roles create --keys YWdl --json'.split(' ');
    expect(parseWords(['restore', ...words])).toEqual({
      command: 'restore',
      json: true,
      prefix: 'backups/a/b/',
      into: 'fresh',
      over: 'fresh',
      jobs: 4,
      roles: 'create',
      keys: 'YWdl',
    });
  });

  it.each([
    [['--into', 'a b'], /--into must be a letter, then up to 62 letters, digits and underscores, but is a b/],
    [['--into', '1a'], /--into must be/],
    [['--over'], /--over must be .*, but is missing/],
    [['--jobs', '0'], /--jobs must be a whole number from 1 to 99, but is 0/],
    [['--roles', 'guess'], /--roles must be one of refuse, create, skip, but is guess/],
    [['--every', '2'], /restore does not take --every/],
  ])('refuses restore %j', (words, message) => {
    expect(refusal(['restore', ...words]).message).toMatch(message);
  });
});
