import { join } from 'node:path';
import { type Accepted, ACCEPTED_PRACTICES } from './accepted';
import { ACCEPTED_BY_LINTER, ACCEPTED_BY_VALIDATOR } from './accepted-of-templates';

/** The page that is generated here. */
export const PAGE_FILE = join(__dirname, '..', '..', 'docs', 'security.md');

const code = (text: string): string => `\`${text}\``;

function entry({ rules, at, reason }: Accepted): string {
  const where = at === undefined ? '' : `\n  at ${at.map(code).join(', ')}`;
  return `- ${rules.map(code).join(', ')}${where}\n\n  ${reason}\n`;
}

const section = (title: string, text: string, list: readonly Accepted[]): string =>
  [`## ${title}`, text, list.map(entry).join('\n').trimEnd()].join('\n\n');

/** The page as Markdown. */
export const securityPage = (): string =>
  [
    '# What the checkers object to, and why it stays',
    'Generated from `test/oracles/accepted.ts` by `npm run docs:security`. The tests in `test/oracles/` fail when a checker ' +
      'finds something that is not here, when something here is found no longer, and when this page is stale. They look at ' +
      'every configuration in `test/configurations.ts`. What the policies allow is proven in `test/access/`.',
    section(
      'Rule packs',
      'cdk-nag’s packs AwsSolutions, NIST 800-53 R5, HIPAA Security, PCI DSS 3.2.1 and Serverless, and the guard rules of AWS ' +
        'Control Tower. Places are paths of constructs below the stack.',
      ACCEPTED_PRACTICES,
    ),
    section(
      'The validator inside the CDK',
      'It runs at every synth and must find nothing from warnings upwards. With every rule it also says:',
      ACCEPTED_BY_VALIDATOR,
    ),
    section('cfn-lint', 'With every rule, informational and experimental ones included:', ACCEPTED_BY_LINTER),
  ].join('\n\n') + '\n';
