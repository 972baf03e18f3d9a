import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONFIGURATION_NAMES } from '../configurations';
import { ACCEPTED_BY_VALIDATOR } from './accepted-of-templates';
import type { Finding } from './findings';
import { obsolete, unaccepted } from './judge';
import { BuiltInValidator, templateText } from './template-findings';

const directory = mkdtempSync(join(tmpdir(), 'drawbridge-validator-'));
const validator = new BuiltInValidator();
afterAll(() => {
  validator.free();
  rmSync(directory, { recursive: true });
});

function check(name: string, text: string): Finding[] {
  const path = join(directory, `${name}.json`);
  writeFileSync(path, text);
  return validator.findings(path);
}

const all: Finding[] = [];

test.each(CONFIGURATION_NAMES)(
  'the validator inside the CDK, with every rule, finds nothing without a written reason in the %s stack',
  (name) => {
    const findings = check(name, templateText(name));
    all.push(...findings);
    expect(unaccepted(findings, ACCEPTED_BY_VALIDATOR)).toEqual([]);
  },
);

test('every written reason is about something that it finds', () => {
  expect(obsolete(all, ACCEPTED_BY_VALIDATOR)).toEqual([]);
});

test('it would find a class of database that does not exist', () => {
  const wrong = templateText('default').replace('db.t4g.micro', 'db.t9.micro');
  expect(unaccepted(check('wrong', wrong), ACCEPTED_BY_VALIDATOR).join()).toMatch(/db\.t9\.micro/);
});
