/** Every setting of the schema, with values that it cannot have: the message names it, and says what is accepted. */
import { kindOf, SETTING_NAMES, type SettingName } from '../../lib/config/schema';
import { read, refusal } from './settings';

/** Of each type that JSON has, beyond every range, and nested where nothing is. */
const VALUES: readonly unknown[] = [
  ...[null, true, -1, 1.5, 1e9, '', 'no such value!', 'x'.repeat(500)],
  ...[{}, { a: 1 }, [], [5], [null], [{}], [[]], ['no such value!']],
];

/** What is right for a setting after all: an empty list where any number is, and the like. */
const RIGHT: Readonly<Record<string, (name: SettingName) => boolean>> = {
  true: (name) => kindOf(name) === 'boolean',
  '{}': (name) => name === 'databaseParameters',
  '[]': (name) =>
    ['accessTargets', 'ageRecipients', 'intakeSources', 'leaveOutRows', 'operatorCidrs'].includes(name),
};

const isRight = (name: SettingName, value: unknown): boolean => RIGHT[JSON.stringify(value)]?.(name) ?? false;

/** How the schema's library speaks, left to itself. */
const RAW = /invalid|expected|received|too (small|big)|unrecognized|undefined|\bNaN\b/i;

/** The lines of a refusal that are about a setting, an item of it, or a member of it. */
function linesAbout(name: SettingName, message: string): string[] {
  const problems = message.split('\n').filter((line) => line.startsWith('- '));
  return problems.filter((line) => new RegExp(`^- ${name}(\\.\\w+)*: `).test(line));
}

describe.each(SETTING_NAMES)('%s', (name) => {
  test('may not be of another type or out of its range in cdk.json', () => {
    for (const value of VALUES.filter((one) => !isRight(name, one))) {
      const lines = linesAbout(name, refusal({ drawbridge: { [name]: value } }));
      expect([value, lines.length > 0]).toEqual([value, true]);
      for (const line of lines) {
        expect(line).toMatch(/: (must|is needed|cannot|knows no) /);
        expect(line).not.toMatch(RAW);
      }
    }
  });

  test('may not be nonsense on the command line either', () => {
    for (const text of ['', '-1', '1,5', 'no such value!', '{"a":', '[1,']) {
      const lines = linesAbout(name, refusal({ [name]: text }));
      expect([text, lines.length > 0, lines.filter((line) => RAW.test(line))]).toEqual([text, true, []]);
    }
  });
});

test('what is right after all is accepted', () => {
  for (const value of VALUES)
    for (const name of SETTING_NAMES.filter((one) => isRight(one, value)))
      expect(() => read({ drawbridge: { [name]: value } })).not.toThrow();
});

test('members of an intake source are refused by their own names', () => {
  const source = { name: 5, principal: 'me', maxBoxes: 0, maxFiles: 'many', refuse: 'all', colour: 'red' };
  const message = refusal({ drawbridge: { intakeSources: [source] } });
  for (const member of ['name', 'principal', 'maxBoxes', 'maxFiles', 'refuse'])
    expect(message).toMatch(new RegExp(`^- intakeSources\\.0\\.${member}: must `, 'm'));
  expect(message).toMatch(/^- intakeSources\.0: knows no colour; accepted: name, principal, maxBoxes/m);
  expect(message.split('\n').filter((line) => RAW.test(line))).toEqual([]);
});
