import { EXIT } from '../../contract/exit-codes';
import type { Command } from '../framework/command';
import { Problem } from '../framework/problem';
import { attachCommands } from '../vm/attach';

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
  owner: {
    output: 'ownerPolicy',
    means: [
      'list and read backups and proofs, also to bring them home; write and delete none',
      'start runs, follow and stop them',
      'open boxes, and have backups proven and restored there: by the documents of this stack, without a session',
      'ask retention what it would keep',
      'see in CloudTrail who did what',
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
  summary:
    'explain the policy for operators, owners, auditors or machines that hand files in, and how to attach it',
  examples: [
    ['drawbridge policy operator', 'what operators may do, and the command that makes somebody one'],
    ['drawbridge policy owner', 'the same for whoever owns the data'],
    ['drawbridge policy auditor --json', 'its ARN, for scripts'],
    ['drawbridge policy vm web', 'what machines of the source web may do, statement by statement'],
  ],
  configure: (parser) => {
    parser
      .argument('<who>', 'operator, owner, auditor or vm')
      .argument('[source]', 'with vm: an intake source');
  },
  run: async (context, _options, [who = '', source]) => {
    if (who === 'vm') {
      const { explainVmPolicy } = await import('../vm/explain-policy');
      await explainVmPolicy(context, source);
      return EXIT.ok;
    }
    if (who !== 'operator' && who !== 'owner' && who !== 'auditor')
      throw new Problem(
        EXIT.usage,
        `There is no policy for "${who}".`,
        'Say operator, owner, auditor or vm.',
      );
    if (source !== undefined)
      throw new Problem(EXIT.usage, `"${source}" says nothing here.`, 'Only `policy vm` takes a source.');
    const { findStack, output } = await import('../aws/stack');
    const stack = await findStack(context);
    const { means, output: name } = MEANINGS[who];
    const arn = output(stack, name);
    const attach = attachCommands(arn);
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
