import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareEmulator } from '../../lab/moto';
import { CONFIGURATION_NAMES } from '../configurations';
import { ACCEPTED_BY_LINTER } from './accepted-of-templates';
import type { Finding } from './findings';
import { obsolete, unaccepted } from './judge';
import { templateText } from './template-findings';

/** What cfn-lint says, in its JSON format. */
interface Match {
  readonly Filename: string;
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

const found = new Map<string, Finding[]>();

/** Every rule, informational and experimental ones too; one process for all, since it takes seconds to load. */
function lint(python: string, templates: ReadonlyMap<string, string>): void {
  const paths = [...templates].map(([name, text]) => {
    const path = join(directory, `${name}.json`);
    writeFileSync(path, text);
    found.set(path, []);
    return path;
  });
  const { status, stdout, stderr } = spawnSync(
    python,
    ['-c', MAIN, '-r', 'eu-west-1', '-c', 'I', '-e', '-f', 'json', '-t', ...paths],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  // A linter that could not run has found nothing either.
  if (status === null || (status & ~FINDINGS) !== 0 || stdout === '')
    throw new Error(`cfn-lint did not run (${String(status)}): ${stderr}`);
  for (const { Filename, Rule, Message, Location } of JSON.parse(stdout) as Match[])
    found.get(Filename)?.push({
      rule: Rule.Id,
      at: String(Location.Path?.[1] ?? 'template').replace(/[0-9A-F]{8}$/, ''),
      says: Message,
    });
}

const findings = (name: string): Finding[] => {
  const those = found.get(join(directory, `${name}.json`));
  if (those === undefined) throw new Error(`${name} was not looked at`);
  return those;
};

beforeAll(async () => {
  // The first time, everything that the lab needs is installed.
  const { python } = await prepareEmulator(console.log);
  const templates = new Map<string, string>(CONFIGURATION_NAMES.map((name) => [name, templateText(name)]));
  templates.set('wrong', templateText('bare').replace('ec2:DescribeInstances', 'ec2:DescribeInstanzes'));
  lint(python, templates);
}, 600_000);

test.each(CONFIGURATION_NAMES)('cfn-lint finds nothing without a written reason in the %s stack', (name) => {
  expect(unaccepted(findings(name), ACCEPTED_BY_LINTER)).toEqual([]);
});

test('every written reason is about something that it finds', () => {
  expect(obsolete(CONFIGURATION_NAMES.flatMap(findings), ACCEPTED_BY_LINTER)).toEqual([]);
});

test('it would find an action that does not exist', () => {
  expect(unaccepted(findings('wrong'), ACCEPTED_BY_LINTER).join()).toMatch(/W3037.*describeinstanzes/i);
});
