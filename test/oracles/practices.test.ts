import { readFileSync } from 'node:fs';
import { CONFIGURATION_NAMES } from '../configurations';
import { ACCEPTED_PRACTICES } from './accepted';
import { packFindings } from './findings';
import { obsolete, unaccepted } from './judge';
import { PAGE_FILE, securityPage } from './page';

// Every finding is also printed by the synth.
const silence = jest.spyOn(console, 'error').mockImplementation(() => undefined);
const judged = CONFIGURATION_NAMES.map((name) => ({ name, ...packFindings(name) }));
silence.mockRestore();

describe.each(judged)('the rule packs, on the $name stack', ({ plugins, findings }) => {
  test('are all there', () => {
    expect(plugins).toEqual([
      'AwsSolutions',
      'NIST.800.53.R5',
      'HIPAA.Security',
      'PCI.DSS.321',
      'Serverless',
      'cdk-validator-cfnguard',
    ]);
  });

  test('find nothing without a written reason', () => {
    expect(findings.length).toBeGreaterThan(0);
    expect(unaccepted(findings, ACCEPTED_PRACTICES)).toEqual([]);
  });
});

test('every written reason is about something that is found', () => {
  expect(
    obsolete(
      judged.flatMap(({ findings }) => findings),
      ACCEPTED_PRACTICES,
    ),
  ).toEqual([]);
});

test('a finding that no reason covers would be named', () => {
  const finding = { rule: 'AwsSolutions-S1', at: 'Other/Bucket', says: 'no logs' };
  expect(unaccepted([finding], ACCEPTED_PRACTICES)).toEqual(['AwsSolutions-S1 at Other/Bucket: no logs']);
  expect(
    obsolete([finding], [{ rules: ['AwsSolutions-S1', 'Gone'], at: ['Other', 'Lost'], reason: '' }]),
  ).toEqual(['Gone', 'AwsSolutions-S1, Gone at Lost']);
});

test('docs/security.md is what `npm run docs:security` writes', () => {
  expect(readFileSync(PAGE_FILE, 'utf8')).toBe(securityPage());
});
