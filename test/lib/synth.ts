import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createHash, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as assertions from 'aws-cdk-lib/assertions';
import type * as stack from './stack-with';

/** One resource of a template. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** The parts of a template that the tests look at. */
export interface TemplateJson {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown; readonly Description?: string }>>;
}

/** The CDK takes seconds to load, and most suites only look at templates: it is loaded by whoever needs it first. */
const load = createRequire(__filename);

const synthesize = (settings: object): string => {
  const { stackWith } = load('./stack-with') as typeof stack;
  const { Template } = load('aws-cdk-lib/assertions') as typeof assertions;
  return JSON.stringify(Template.fromStack(stackWith(settings)).toJSON());
};

/** Each template is synthesized once in a run of Jest, whichever suites look at it. */
function textWith(settings: object): string {
  const directory = process.env.TEMPLATES_OF_THE_RUN;
  if (directory === undefined) return synthesize(settings);
  const name = createHash('sha256').update(JSON.stringify(settings)).digest('hex');
  const path = join(directory, `${name}.json`);
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const text = synthesize(settings);
  // Another suite may do the same at this moment.
  const whole = `${path}.${randomUUID()}`;
  writeFileSync(whole, text);
  renameSync(whole, path);
  return text;
}

const templates = new Map<string, TemplateJson>();

/** The template that these settings give. */
export function jsonWith(settings: object = {}): TemplateJson {
  const key = JSON.stringify(settings);
  const known = templates.get(key) ?? (JSON.parse(textWith(settings)) as TemplateJson);
  templates.set(key, known);
  return known;
}

/** The same for CDK's assertions. */
export function templateWith(settings: object = {}): assertions.Template {
  const { Template } = load('aws-cdk-lib/assertions') as typeof assertions;
  return Template.fromJSON({ ...jsonWith(settings) });
}

/** The one resource of a type whose logical id begins so. */
export function resourceOf(template: TemplateJson, type: string, idPrefix = ''): Resource {
  const found = Object.entries(template.Resources).filter(
    ([id, { Type }]) => Type === type && id.startsWith(idPrefix),
  );
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${found.length} resources of type ${type} begin with ${idPrefix}`);
  }
  return only[1];
}

/** One statement of a policy. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, unknown>>;
}

const document = (resource: Resource): { Statement: Statement[] } => {
  const { PolicyDocument, KeyPolicy } = resource.Properties;
  return (PolicyDocument ?? KeyPolicy) as { Statement: Statement[] };
};

/** Statements of a policy resource. */
export const statementsOf = (resource: Resource): Statement[] => document(resource).Statement;

/** The statement with this id. */
export function statement(resource: Resource, sid: string): Statement {
  const found = statementsOf(resource).find(({ Sid }) => Sid === sid);
  if (found === undefined) throw new Error(`no statement ${sid}`);
  return found;
}

/** Text with references in braces: `arn:{AWS::Partition}:s3:::{Bucket.Arn}/*`. */
export function flat(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const one = value as Record<string, unknown>;
  if ('Ref' in one) return `{${String(one.Ref)}}`;
  if ('Fn::GetAtt' in one) return `{${(one['Fn::GetAtt'] as string[]).join('.')}}`;
  if ('Fn::Sub' in one) return String(one['Fn::Sub']).replaceAll('${', '{');
  if ('Fn::Base64' in one) return flat(one['Fn::Base64']);
  if ('Fn::Join' in one) {
    const [separator, parts] = one['Fn::Join'] as [string, unknown[]];
    return parts.map(flat).join(separator);
  }
  return JSON.stringify(value);
}

/** The logical ids that a text made by {@link flat} speaks of, without the generated ending, so that they read well. */
export const readable = (value: unknown): string => flat(value).replaceAll(/[0-9A-F]{8}(?=[.}])/g, '');
