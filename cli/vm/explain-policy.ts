import { findSource } from '../aws/sources';
import { findStack } from '../aws/stack';
import type { Context } from '../framework/command';
import { attachCommands } from './attach';
import { explainPolicy, explanationText } from './explain';
import { deployedPolicy } from './policy';

/** Prints what the deployed policy of a source's machines says and means. */
export async function explainVmPolicy(context: Context, name: string | undefined): Promise<void> {
  const { name: source, policyArn: arn } = findSource(await findStack(context), name);
  const statements = explainPolicy(await deployedPolicy(context, arn));
  const attach = attachCommands(arn);
  const text = [
    arn,
    `With it, and nothing else, a machine of the source ${source} may:`,
    explanationText(statements),
    'Where the setting `principal` of the source does not attach it already, one of these does:',
    ...attach.map((line) => `  ${line}`),
  ].join('\n');
  context.ui.result({ policy: 'vm', source, arn, statements, attach }, text);
}
