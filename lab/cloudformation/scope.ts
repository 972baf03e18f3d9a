import { evaluateCondition, evaluateValue, NO_VALUE, referencesOf, type Scope } from './intrinsics';
import type { ResourceDefinition, Template } from './template';
import { isObject, TemplateError, textOf, type Json, type JsonObject } from './values';
import type { Output, Target } from './stack';
import type { Dependencies } from './graph';

/** What functions may ask beyond the template: resources, other stacks, the region. */
export interface Surroundings {
  readonly account: string;
  readonly region: string;
  readonly stackId: string;
  readonly stackName: string;
  readonly notificationArns: readonly string[];
  readonly availabilityZones: readonly string[];
  /** Physical id of a resource; undefined when it does not exist yet. */
  physicalId(logicalId: string): string | undefined;
  attribute(logicalId: string, name: string): Json;
  importValue(name: string): Json;
}

function pseudoParameters(around: Surroundings): Record<string, Json | typeof NO_VALUE> {
  return {
    'AWS::AccountId': around.account,
    'AWS::Region': around.region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackId': around.stackId,
    'AWS::StackName': around.stackName,
    'AWS::NotificationARNs': [...around.notificationArns],
    'AWS::NoValue': NO_VALUE,
  };
}

/** Everything that the functions of one template can see. */
export function makeScope(target: Target, around: Surroundings): Scope {
  const { template, parameters } = target;
  const pseudo = pseudoParameters(around);
  const conditions = new Map<string, boolean>();
  const scope: Scope = {
    ref: (name) => parameters[name]?.value ?? pseudo[name] ?? around.physicalId(name),
    attribute: (logicalId, name) => around.attribute(logicalId, name),
    condition(name) {
      const known = conditions.get(name);
      if (known !== undefined) return known;
      const definition = template.conditions[name];
      if (definition === undefined) throw new TemplateError(`There is no condition ${name}.`);
      const value = evaluateCondition(definition, scope);
      conditions.set(name, value);
      return value;
    },
    mapping(name) {
      const found = template.mappings[name];
      if (found === undefined) throw new TemplateError(`There is no mapping ${name}.`);
      return found;
    },
    importValue: (name) => around.importValue(name),
    availabilityZones: (region) =>
      region === '' || region === around.region ? around.availabilityZones : [],
  };
  return scope;
}

/** Resources whose condition holds. */
export function activeResources(template: Template, scope: Scope): Map<string, ResourceDefinition> {
  const active = Object.entries(template.resources).filter(
    ([, { condition }]) => condition === undefined || scope.condition(condition),
  );
  return new Map(active);
}

/** What each active resource must come after: references and `DependsOn`. */
export function dependenciesOf(
  template: Template,
  active: ReadonlyMap<string, ResourceDefinition>,
): Dependencies {
  const result = new Map<string, Set<string>>();
  for (const [id, { properties, dependsOn }] of active) {
    const names = [...dependsOn, ...referencesOf(properties)];
    const unknown = names.filter(
      (name) => !(name in template.resources) && !(name in template.parameters) && !name.startsWith('AWS::'),
    );
    if (unknown.length > 0)
      throw new TemplateError(
        `Template format error: Unresolved resource dependencies [${unknown.join(', ')}] in the Resources block of the template (${id})`,
      );
    result.set(id, new Set(names.filter((name) => active.has(name) && name !== id)));
  }
  return result;
}

/** Checks the template's rules, for example CDK's on the bootstrap version. */
export function checkRules(template: Template, scope: Scope): void {
  for (const [name, rule] of Object.entries(template.rules)) {
    if (rule.RuleCondition !== undefined && !evaluateCondition(rule.RuleCondition, scope)) continue;
    const assertions = Array.isArray(rule.Assertions) ? (rule.Assertions as readonly Json[]) : [];
    for (const assertion of assertions) {
      if (!isObject(assertion)) throw new TemplateError(`Rule ${name}: an assertion must be an object.`);
      if (!evaluateCondition(assertion.Assert, scope))
        throw new TemplateError(`Rule ${name} failed: ${textOf(assertion.AssertDescription ?? '', name)}`);
    }
  }
}

/** Evaluates a resource's properties. */
export function evaluateProperties(definition: ResourceDefinition, scope: Scope): JsonObject {
  const value = evaluateValue(definition.properties, scope);
  return isObject(value) ? value : {};
}

/** Evaluates the outputs whose condition holds. */
export function evaluateOutputs(template: Template, scope: Scope): Output[] {
  return Object.entries(template.outputs)
    .filter(([, { Condition: name }]) => name === undefined || scope.condition(textOf(name, 'Condition')))
    .map(([key, output]) => {
      if (output.Value === undefined) throw new TemplateError(`Output ${key} has no value.`);
      const description = output.Description;
      const name = isObject(output.Export) ? output.Export.Name : undefined;
      return {
        key,
        value: textOf(evaluateValue(output.Value, scope), `Output ${key}`),
        description: description === undefined ? undefined : textOf(description, key),
        exportName: name === undefined ? undefined : textOf(evaluateValue(name, scope), key),
      };
    });
}
