import { AwsFault } from '../endpoint/fault';
import type { DocumentParameter } from './documents';

/** Values of a command or session, as the API takes them: always lists. */
export type ParameterValues = Readonly<Record<string, readonly string[]>>;

/** A checked value: a list only for parameters of type StringList. */
export type CheckedParameters = Readonly<Record<string, string | readonly string[]>>;

const refuse = (message: string): never => {
  throw new AwsFault('InvalidParameters', message);
};

function checkText(name: string, parameter: DocumentParameter, value: string): void {
  const { allowedPattern, allowedValues, maxChars, minChars } = parameter;
  if (allowedPattern !== undefined && !new RegExp(`^(?:${allowedPattern})$`).test(value)) {
    refuse(`Parameter "${name}" has value "${value}" not matching "${allowedPattern}".`);
  }
  if (allowedValues !== undefined && !allowedValues.includes(value)) {
    refuse(`Parameter "${name}" has value "${value}" not in [${allowedValues.join(', ')}].`);
  }
  if (maxChars !== undefined && value.length > maxChars) {
    refuse(`Parameter "${name}" is longer than ${maxChars} characters.`);
  }
  if (minChars !== undefined && value.length < minChars) {
    refuse(`Parameter "${name}" is shorter than ${minChars} characters.`);
  }
}

function checkOne(
  name: string,
  parameter: DocumentParameter,
  given: readonly string[] | undefined,
): string | readonly string[] {
  const value = given ?? parameter.default;
  if (value === undefined) return refuse(`Parameter "${name}" is required and was not given.`);
  const values = typeof value === 'string' ? [value] : value.map(String);
  for (const one of values) checkText(name, parameter, one);
  if (parameter.type === 'StringList') return values;
  if (values.length > 1) refuse(`Parameter "${name}" of type ${parameter.type} takes one value.`);
  return values[0] ?? '';
}

/**
 * Checks the values of a command or session against a document, and fills in the defaults.
 * Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html.
 *
 * @throws AwsFault `InvalidParameters` for unknown names, missing values and values that the document does not allow
 */
export function checkParameters(
  parameters: Readonly<Record<string, DocumentParameter>>,
  given: ParameterValues,
): CheckedParameters {
  const unknown = Object.keys(given).filter((name) => !(name in parameters));
  if (unknown.length > 0) {
    const known = Object.keys(parameters).join(', ') || 'none';
    refuse(`Parameters unknown to the document: ${unknown.join(', ')}. Its parameters: ${known}.`);
  }
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [name, checkOne(name, parameter, given[name])]),
  );
}

/** Variables of the parameters with `interpolationType: ENV_VAR`: `SSM_<name>`. */
export function parameterVariables(
  parameters: Readonly<Record<string, DocumentParameter>>,
  values: CheckedParameters,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters)
      .filter(([, { interpolationType }]) => interpolationType === 'ENV_VAR')
      .map(([name]) => {
        const value = values[name] ?? '';
        return [`SSM_${name}`, typeof value === 'string' ? value : JSON.stringify(value)];
      }),
  );
}

/** Replaces `{{ name }}` in a text. A parameter that goes into the environment is left alone. */
export function interpolate(
  text: string,
  parameters: Readonly<Record<string, DocumentParameter>>,
  values: CheckedParameters,
): string {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (all, name: string) => {
    const value = values[name];
    if (value === undefined || parameters[name]?.interpolationType === 'ENV_VAR') return all;
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

/** Like {@link interpolate} for a list, where an item that is only `{{ name }}` of a StringList becomes its items. */
export function interpolateLines(
  lines: string | readonly string[],
  parameters: Readonly<Record<string, DocumentParameter>>,
  values: CheckedParameters,
): string[] {
  return (typeof lines === 'string' ? [lines] : lines).flatMap((line) => {
    const name = /^\s*\{\{\s*(\w+)\s*\}\}\s*$/.exec(line)?.[1];
    const value = name === undefined ? undefined : values[name];
    return Array.isArray(value) ? value.map(String) : [interpolate(line, parameters, values)];
  });
}
