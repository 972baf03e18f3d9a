import type { Scope } from './intrinsics';
import { orderOf, type Dependencies } from './graph';
import { differenceOf } from './changes';
import { typeOf } from './registry';
import { activeResources, checkRules, dependenciesOf, evaluateProperties, makeScope } from './scope';
import { importValue, type Services } from './services';
import type { Change, Stack, Target } from './stack';
import type { ResourceDefinition } from './template';
import { TemplateError, type Json } from './values';

/** A target that has been checked: what is in it, and in which order. */
export interface Plan {
  readonly target: Target;
  readonly scope: Scope;
  readonly active: ReadonlyMap<string, ResourceDefinition>;
  readonly dependencies: Dependencies;
}

/** Looks up resources of a stack as they stand. */
interface Lookup {
  physicalId(logicalId: string): string | undefined;
  attribute(logicalId: string, name: string): Json;
}

/** Value of `Fn::GetAtt` for a resource that exists. */
export function attributeOf(stack: Stack, logicalId: string, name: string): Json {
  const record = stack.resources.get(logicalId);
  if (record === undefined) throw new TemplateError(`Fn::GetAtt: the resource ${logicalId} does not exist.`);
  const value = record.attributes[name];
  if (value === undefined)
    throw new TemplateError(
      `Fn::GetAtt: ${logicalId} (${record.type}) has no attribute ${name} in the lab; it has ${Object.keys(record.attributes).join(', ') || 'none'}.`,
    );
  return value;
}

async function scopeFor(target: Target, stack: Stack, services: Services, lookup: Lookup): Promise<Scope> {
  return makeScope(target, {
    ...lookup,
    account: services.account,
    region: services.region,
    stackId: stack.id,
    stackName: stack.name,
    notificationArns: stack.notificationArns,
    availabilityZones: await services.availabilityZones(),
    importValue: (name) => {
      const value = importValue(services, name);
      stack.imports.add(name);
      return value;
    },
  });
}

function checkTypes(active: ReadonlyMap<string, ResourceDefinition>): void {
  const unknown = [...active.values()]
    .filter(({ type }) => typeOf(type) === undefined)
    .map(({ type }) => type);
  if (unknown.length > 0)
    throw new TemplateError(
      `Template format error: Unrecognized resource types: [${[...new Set(unknown)].join(', ')}]. ` +
        'The lab deploys only what it can make; lab/README.md says how to teach it a type.',
    );
  for (const { logicalId, type, updatePolicy } of active.values()) {
    const policies = typeOf(type)?.updatePolicies ?? [];
    const foreign = Object.keys(updatePolicy).filter((name) => !policies.includes(name));
    if (foreign.length > 0)
      throw new TemplateError(`UpdatePolicy of ${logicalId}: ${type} does not know ${foreign.join(', ')}.`);
  }
}

async function makePlan(target: Target, stack: Stack, services: Services, lookup: Lookup): Promise<Plan> {
  const scope = await scopeFor(target, stack, services, lookup);
  checkRules(target.template, scope);
  const active = activeResources(target.template, scope);
  checkTypes(active);
  return { target, scope, active, dependencies: dependenciesOf(target.template, active) };
}

/** Checks a target against a stack that it is about to be applied to. */
export function planOf(target: Target, stack: Stack, services: Services): Promise<Plan> {
  return makePlan(target, stack, services, {
    physicalId: (id) => stack.resources.get(id)?.physicalId,
    attribute: (id, name) => attributeOf(stack, id, name),
  });
}

/** Stands in a change set for what is known only after it was executed; as CloudFormation writes it. */
const LATER = '{{changeSet:KNOWN_AFTER_APPLY}}';

/** What a target would change, resource by resource, without doing it. */
export async function changesOf(target: Target, stack: Stack, services: Services): Promise<Change[]> {
  const renewed = new Set<string>();
  const touched = new Set<string>();
  const plan = await makePlan(target, stack, services, {
    physicalId: (id) =>
      renewed.has(id) || !stack.resources.has(id) ? LATER : stack.resources.get(id)?.physicalId,
    attribute: (id, name) =>
      touched.has(id) || !stack.resources.has(id) ? LATER : attributeOf(stack, id, name),
  });
  const changes: Change[] = [];
  for (const id of orderOf(plan.dependencies)) {
    const definition = plan.active.get(id);
    const change = definition === undefined ? undefined : changeOf(id, definition, plan, stack);
    if (change === undefined) continue;
    changes.push(change);
    touched.add(id);
    if (change.replacement) renewed.add(id);
  }
  const removed = [...stack.resources.values()].filter(({ logicalId }) => !plan.active.has(logicalId));
  for (const { logicalId, physicalId, type } of removed)
    changes.push({
      action: 'Remove',
      logicalId,
      physicalId,
      type,
      replacement: false,
      properties: [],
      attributes: [],
    });
  return changes;
}

function changeOf(id: string, definition: ResourceDefinition, plan: Plan, stack: Stack): Change | undefined {
  const record = stack.resources.get(id);
  const { type: name } = definition;
  const common = { logicalId: id, type: name };
  if (record === undefined)
    return {
      ...common,
      action: 'Add',
      physicalId: undefined,
      replacement: false,
      properties: [],
      attributes: [],
    };
  const type = typeOf(name);
  if (type === undefined) throw new TemplateError(`Unrecognized resource type ${name}.`);
  const { kind, properties, attributes } = differenceOf(
    record,
    definition,
    evaluateProperties(definition, plan.scope),
    type,
  );
  if (kind === 'none') return undefined;
  const { physicalId } = record;
  return { ...common, action: 'Modify', physicalId, replacement: kind === 'replace', properties, attributes };
}
