import { GetParameterCommand } from '@aws-sdk/client-ssm';
import type { Clients } from './clients';
import type { Template } from './template';
import { isList, TemplateError, textOf, type Json, type JsonObject } from './values';

/** A parameter of a stack: what was given (or the default), and what `Ref` gives. */
export interface ParameterValue {
  readonly given: string;
  readonly value: Json;
  /** Whether the value came from Systems Manager. */
  readonly resolved: boolean;
  readonly noEcho: boolean;
}

const KNOWN = [
  'Type',
  'Default',
  'Description',
  'AllowedValues',
  'AllowedPattern',
  'ConstraintDescription',
  'MinLength',
  'MaxLength',
  'MinValue',
  'MaxValue',
  'NoEcho',
];

const split = (text: string): readonly Json[] =>
  text === '' ? [] : text.split(',').map((part) => part.trim());

function limit(definition: JsonObject, name: string): number | undefined {
  const value = definition[name];
  return value === undefined ? undefined : Number(textOf(value, name));
}

function check(name: string, definition: JsonObject, given: string): void {
  const refuse = (why: string): never => {
    const own = definition.ConstraintDescription;
    throw new TemplateError(
      `Parameter ${name} failed to satisfy constraint: ${own === undefined ? why : textOf(own, name)}`,
    );
  };
  const unknown = Object.keys(definition).filter((key) => !KNOWN.includes(key));
  if (unknown.length > 0) refuse(`the lab does not know ${unknown.join(', ')}`);
  const { AllowedValues: allowed, AllowedPattern: pattern } = definition;
  if (isList(allowed) && !allowed.some((one) => textOf(one, name) === given))
    refuse(`must be one of ${allowed.map((one) => textOf(one, name)).join(', ')}`);
  if (pattern !== undefined && !new RegExp(`^(?:${textOf(pattern, name)})$`).test(given))
    refuse(`must match pattern ${textOf(pattern, name)}`);
  if (given.length < (limit(definition, 'MinLength') ?? 0)) refuse('is too short');
  if (given.length > (limit(definition, 'MaxLength') ?? Infinity)) refuse('is too long');
  if (Number(given) < (limit(definition, 'MinValue') ?? -Infinity)) refuse('is too small');
  if (Number(given) > (limit(definition, 'MaxValue') ?? Infinity)) refuse('is too large');
}

async function fromSystemsManager(name: string, path: string, clients: Clients): Promise<string> {
  const answer = await clients.ssm.send(new GetParameterCommand({ Name: path })).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'ParameterNotFound')
      throw new TemplateError(`Unable to fetch parameters [${path}] from parameter store for this account.`);
    throw error;
  });
  return textOf(answer.Parameter?.Value, `Parameter ${name}`);
}

const SSM_VALUE = /^AWS::SSM::Parameter::Value<(.+)>$/;

const isListType = (type: string): boolean => type === 'CommaDelimitedList' || type.startsWith('List<');

function typed(name: string, type: string, text: string): Json {
  if (isListType(type)) return split(text);
  if (type === 'Number' && !Number.isFinite(Number(text)))
    throw new TemplateError(`Parameter ${name} must be a number, not ${text}.`);
  if (!/^(String|Number|AWS::[\w:]+)$/.test(type))
    throw new TemplateError(`Parameter ${name}: the lab does not know the type ${type}.`);
  return text;
}

/**
 * Finds the value of every parameter.
 *
 * @param given - values by name
 * @throws TemplateError for a missing, unknown or refused one
 */
export async function resolveParameters(
  template: Template,
  given: Readonly<Record<string, string>>,
  clients: Clients,
): Promise<Record<string, ParameterValue>> {
  const unknown = Object.keys(given).filter((name) => !(name in template.parameters));
  if (unknown.length > 0)
    throw new TemplateError(`Parameters: [${unknown.join(', ')}] do not exist in the template`);
  const found: Record<string, ParameterValue> = {};
  const missing: string[] = [];
  for (const [name, definition] of Object.entries(template.parameters)) {
    const standard = definition.Default;
    const text = given[name] ?? (standard === undefined ? undefined : textOf(standard, `Default of ${name}`));
    if (text === undefined) {
      missing.push(name);
      continue;
    }
    check(name, definition, text);
    const type = textOf(definition.Type, `Type of ${name}`);
    const stored = SSM_VALUE.exec(type)?.[1];
    const value = stored === undefined ? text : await fromSystemsManager(name, text, clients);
    found[name] = {
      given: text,
      value: typed(name, stored ?? type, value),
      resolved: stored !== undefined,
      noEcho: textOf(definition.NoEcho ?? false, name) === 'true',
    };
  }
  if (missing.length > 0) throw new TemplateError(`Parameters: [${missing.join(', ')}] must have values`);
  return found;
}
