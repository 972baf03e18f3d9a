import { isMap, isSeq, parse, type CollectionTag, type ScalarTag, type YAMLMap, type YAMLSeq } from 'yaml';
import { isObject, listOf, objectOf, TemplateError, textOf, type Json, type JsonObject } from './values';

/** What happens to a resource when it leaves the stack or is replaced. */
export const POLICIES = ['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot'] as const;
/** One of {@link POLICIES}. */
export type RemovalPolicy = (typeof POLICIES)[number];

/** One resource as the template defines it. */
export interface ResourceDefinition {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: JsonObject;
  readonly dependsOn: readonly string[];
  readonly condition: string | undefined;
  readonly deletionPolicy: RemovalPolicy;
  readonly updateReplacePolicy: RemovalPolicy;
  /** What a type that has one does with it is the type's business. */
  readonly updatePolicy: JsonObject;
}

/** A template that has been read. */
export interface Template {
  readonly description: string | undefined;
  readonly parameters: Readonly<Record<string, JsonObject>>;
  readonly mappings: Readonly<Record<string, JsonObject>>;
  readonly conditions: Readonly<Record<string, Json>>;
  readonly rules: Readonly<Record<string, JsonObject>>;
  readonly resources: Readonly<Record<string, ResourceDefinition>>;
  readonly outputs: Readonly<Record<string, JsonObject>>;
  readonly metadata: Json | undefined;
}

const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Mappings',
  'Conditions',
  'Rules',
  'Resources',
  'Outputs',
];

const ATTRIBUTES = [
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'Metadata',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'UpdatePolicy',
];

const SHORT_FORMS = [
  'GetAtt',
  'Sub',
  'Join',
  'Select',
  'Split',
  'If',
  'Equals',
  'And',
  'Or',
  'Not',
  'FindInMap',
];
const MORE_SHORT_FORMS = ['Base64', 'Cidr', 'GetAZs', 'ImportValue'];

/** YAML's short forms of functions: `!Sub x` is `{ "Fn::Sub": x }`. */
function shortForms(): (ScalarTag | CollectionTag)[] {
  const names = [...SHORT_FORMS, ...MORE_SHORT_FORMS].map((name) => [name, `Fn::${name}`] as const);
  return [...names, ['Ref', 'Ref'] as const, ['Condition', 'Condition'] as const].flatMap(([tag, key]) => [
    { tag: `!${tag}`, resolve: (text: string) => ({ [key]: text }) },
    {
      tag: `!${tag}`,
      collection: 'seq' as const,
      resolve: (items: YAMLMap.Parsed | YAMLSeq.Parsed) => ({
        [key]: isSeq(items) ? (items.toJSON() as unknown) : null,
      }),
    },
    {
      tag: `!${tag}`,
      collection: 'map' as const,
      resolve: (items: YAMLMap.Parsed | YAMLSeq.Parsed) => ({
        [key]: isMap(items) ? (items.toJSON() as unknown) : null,
      }),
    },
  ]);
}

/** Parses JSON or YAML text. */
export function parseBody(body: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = body.trimStart().startsWith('{') ? JSON.parse(body) : parse(body, { customTags: shortForms() });
  } catch (error) {
    throw new TemplateError(
      `Template format error: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!isObject(parsed)) throw new TemplateError('Template format error: the template must be an object.');
  return parsed;
}

function policyOf(value: Json | undefined, where: string): RemovalPolicy {
  const policy = POLICIES.find((one) => one === (value ?? 'Delete'));
  if (policy !== undefined) return policy;
  throw new TemplateError(`${where} must be one of ${POLICIES.join(', ')}.`);
}

function readResource(logicalId: string, value: Json): ResourceDefinition {
  const resource = objectOf(value, `Resource ${logicalId}`);
  const unknown = Object.keys(resource).filter((name) => !ATTRIBUTES.includes(name));
  if (unknown.length > 0)
    throw new TemplateError(
      `Resource ${logicalId}: the lab does not act upon ${unknown.join(', ')}; it knows ${ATTRIBUTES.join(', ')}.`,
    );
  const { DependsOn: depends, Condition: condition } = resource;
  const dependsOn =
    depends === undefined ? [] : typeof depends === 'string' ? [depends] : listOf(depends, 'DependsOn');
  return {
    logicalId,
    type: textOf(resource.Type, `Type of ${logicalId}`),
    properties: objectOf(resource.Properties ?? {}, `Properties of ${logicalId}`),
    dependsOn: dependsOn.map((id) => textOf(id, `DependsOn of ${logicalId}`)),
    condition: condition === undefined ? undefined : textOf(condition, `Condition of ${logicalId}`),
    deletionPolicy: policyOf(resource.DeletionPolicy, `DeletionPolicy of ${logicalId}`),
    updateReplacePolicy: policyOf(resource.UpdateReplacePolicy, `UpdateReplacePolicy of ${logicalId}`),
    updatePolicy: objectOf(resource.UpdatePolicy ?? {}, `UpdatePolicy of ${logicalId}`),
  };
}

const section = (body: JsonObject, name: string): JsonObject => objectOf(body[name] ?? {}, name);
const sections = (body: JsonObject, name: string): Record<string, JsonObject> =>
  Object.fromEntries(
    Object.entries(section(body, name)).map(([key, value]) => [key, objectOf(value, `${name}.${key}`)]),
  );

/** Reads a template; what the lab does not know is an error. */
export function readTemplate(text: string): Template {
  const body = parseBody(text);
  const unknown = Object.keys(body).filter((name) => !SECTIONS.includes(name));
  if (unknown.length > 0)
    throw new TemplateError(`Template format error: the lab does not act upon ${unknown.join(', ')}.`);
  const definitions = Object.entries(section(body, 'Resources'));
  if (definitions.length === 0)
    throw new TemplateError('Template format error: At least one Resources member must be defined.');
  return {
    description: body.Description === undefined ? undefined : textOf(body.Description, 'Description'),
    parameters: sections(body, 'Parameters'),
    mappings: sections(body, 'Mappings'),
    conditions: section(body, 'Conditions'),
    rules: sections(body, 'Rules'),
    resources: Object.fromEntries(definitions.map(([id, value]) => [id, readResource(id, value)])),
    outputs: sections(body, 'Outputs'),
    metadata: body.Metadata,
  };
}
