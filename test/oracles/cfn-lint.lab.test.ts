import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareEmulator } from '../../lab/moto';
import { CONFIGURATION_NAMES, type ConfigurationName } from '../configurations';
import { ACCEPTED_BY_LINTER } from './accepted-of-templates';
import type { Finding } from './findings';
import { obsolete, unaccepted } from './judge';
import { templateText } from './template-findings';

/** What cfn-lint says, in its JSON format. */
interface Match {
  readonly Rule: { readonly Id: string };
  readonly Message: string;
  readonly Location: { readonly Path: readonly (string | number)[] | null };
}

const directory = mkdtempSync(join(tmpdir(), 'drawbridge-cfn-lint-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** Bits of the exit code: errors, warnings, informational. https://github.com/aws-cloudformation/cfn-lint#exit-codes */
const FINDINGS = 2 | 4 | 8;

/** What its own executable does; the package cannot be run by name. */
const MAIN = 'import sys; from cfnlint.runner import main; sys.exit(main())';

let python = '';
// The first time, everything that the lab needs is installed.
beforeAll(async () => {
  ({ python } = await prepareEmulator(console.log));
}, 600_000);

/** Every rule, informational and experimental ones too. */
function lint(name: string, text: string): Finding[] {
  const path = join(directory, `${name}.json`);
  writeFileSync(path, text);
  const { status, stdout, stderr } = spawnSync(
    python,
    ['-c', MAIN, '-t', path, '-r', 'eu-west-1', '-c', 'I', '-e', '-f', 'json'],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  // A linter that could not run has found nothing either.
  if (status === null || (status & ~FINDINGS) !== 0 || stdout === '')
    throw new Error(`cfn-lint did not run (${String(status)}): ${stderr}`);
  return (JSON.parse(stdout) as Match[]).map(({ Rule, Message, Location }) => ({
    rule: Rule.Id,
    at: String(Location.Path?.[1] ?? 'template').replace(/[0-9A-F]{8}$/, ''),
    says: Message,
  }));
}

const found = new Map<ConfigurationName, Finding[]>();

test.each(CONFIGURATION_NAMES)('cfn-lint finds nothing without a written reason in the %s stack', (name) => {
  const findings = lint(name, templateText(name));
  found.set(name, findings);
  expect(unaccepted(findings, ACCEPTED_BY_LINTER)).toEqual([]);
});

test('every written reason is about something that it finds', () => {
  expect(obsolete([...found.values()].flat(), ACCEPTED_BY_LINTER)).toEqual([]);
});

test('it would find an action that does not exist', () => {
  const wrong = templateText('default').replace('ec2:DescribeInstances', 'ec2:DescribeInstanzes');
  expect(unaccepted(lint('wrong', wrong), ACCEPTED_BY_LINTER).join()).toMatch(/W3037.*describeinstanzes/i);
});
