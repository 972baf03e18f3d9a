import { EXIT } from '../../contract/exit-codes';
import type { Command } from '../framework/command';
import { Problem } from '../framework/problem';

/** What the policies mean, in words. */
const MEANINGS = {
  operator: {
    output: 'operatorPolicy',
    means: [
      'open and close boxes of this stack, by its functions',
      'bring the jump host back',
      'open sessions to access boxes and the jump host, with the documents of this stack and no others',
      'continue and end their own sessions',
      'read the password of the database, or log in with a token',
      'put an SSH key of one minute on a box, for ec2-user',
    ],
  },
  auditor: {
    output: 'auditorPolicy',
    means: [
      'see who came in, who was refused, and which boxes there are',
      'read what was typed and printed in recorded shells',
      'nothing else: they change nothing and get in nowhere',
    ],
  },
} as const;

/** `drawbridge policy` */
export const policy: Command = {
  name: 'policy',
  summary: 'explain the policy for operators or auditors, and how to attach it',
  examples: [
    ['drawbridge policy operator', 'what operators may do, and the command that makes somebody one'],
    ['drawbridge policy auditor --json', 'its ARN, for scripts'],
  ],
  configure: (parser) => {
    parser.argument('<who>', 'operator or auditor');
  },
  run: async (context, _options, [who = '']) => {
    if (who !== 'operator' && who !== 'auditor')
      throw new Problem(EXIT.usage, `There is no policy for "${who}".`, 'Say operator or auditor.');
    const { findStack, output } = await import('../aws/stack');
    const stack = await findStack(context);
    const { means, output: name } = MEANINGS[who];
    const arn = output(stack, name);
    const attach = [
      `aws iam attach-role-policy --role-name <role> --policy-arn ${arn}`,
      `aws iam attach-user-policy --user-name <user> --policy-arn ${arn}`,
    ];
    const text = [
      arn,
      `With it, people may:`,
      ...means.map((line) => `  - ${line}`),
      'Attach it with one of:',
      ...attach.map((line) => `  ${line}`),
      'In IAM Identity Center: add it to a permission set, as a customer managed policy.',
    ].join('\n');
    context.ui.result({ policy: who, arn, means, attach }, text);
    return EXIT.ok;
  },
};
