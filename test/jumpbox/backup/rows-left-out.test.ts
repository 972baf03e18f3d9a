import { EXIT } from '../../../contract/exit-codes';
import { chooseLeftOut } from '../../../jumpbox/backup/rows-left-out';
import { Stop } from '../../../jumpbox/stop';

const table = (name: string) => {
  const [schema = '', ...rest] = name.split('.');
  return { schema, table: rest.join('.') };
};
const TABLES = [
  'shop.order',
  'shop.log_2025',
  'shop.log_2026',
  'shop.(a+b)?',
  'public.log',
  'public.a\nb',
].map(table);

const chosen = (...patterns: string[]): string[] =>
  chooseLeftOut(patterns, TABLES, []).map(({ schema, table: name }) => `${schema}.${name}`);

test.each([
  [['shop.log_*'], ['shop.log_2025', 'shop.log_2026']],
  [['*.log*'], ['shop.log_2025', 'shop.log_2026', 'public.log']],
  [
    ['*.log*', '!shop.log_2026'],
    ['shop.log_2025', 'public.log'],
  ],
  [
    ['!shop.log_2026', '*.log*'],
    ['shop.log_2025', 'shop.log_2026', 'public.log'],
  ],
  [
    ['*.*', '!shop.*'],
    ['public.log', 'public.a\nb'],
  ],
  [['shop.(a+b)?'], ['shop.(a+b)?']],
  [['public.a*b'], ['public.a\nb']],
  [['log'], []],
  [['SHOP.ORDER'], []],
  [[], []],
])('%j leaves out %j', (patterns, expected) => {
  expect(chosen(...patterns)).toEqual(expected);
});

test('rows that others need are not left out without them', () => {
  const references = [{ from: table('shop.order'), to: table('public.log') }];
  const choose = (...patterns: string[]) => chooseLeftOut(patterns, TABLES, references);
  expect(choose('*.*')).toHaveLength(TABLES.length);
  expect(choose('shop.*')).toHaveLength(4);
  try {
    choose('public.*');
    throw new Error('it was accepted');
  } catch (error) {
    expect(error).toMatchObject({
      exit: EXIT.usage,
      message: expect.stringContaining('- "shop"."order" refers to "public"."log"') as string,
    });
    expect(error).toBeInstanceOf(Stop);
  }
});
