import { createHash, randomUUID } from 'node:crypto';
import jsonata from 'jsonata';
import { StateError } from './errors';

/** What an expression may look at: `$states` and the variables. */
export interface Scope {
  readonly states: Readonly<Record<string, unknown>>;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The JSONata in `{% … %}`; undefined for a text that is one itself. */
export const expressionOf = (text: string): string | undefined => /^\{%([^]*)%\}$/.exec(text.trim())?.[1];

const ALGORITHMS: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/**
 * What Step Functions adds to JSONata, as far as it is needed here; `$eval` is taken away.
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
 */
const ADDED: Readonly<Record<string, unknown>> = {
  hash: (text: string, algorithm: string) =>
    createHash(ALGORITHMS[algorithm] ?? algorithm)
      .update(text)
      .digest('hex'),
  parse: (text: string): unknown => JSON.parse(text) as unknown,
  uuid: () => randomUUID(),
  eval: undefined,
};

/** JSON as it would travel: sequences of JSONata become arrays, dates become text. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

/** A machine that waits evaluates the same few expressions at each of its looks; reading one takes longer than evaluating it. */
const compiled = new Map<string, jsonata.Expression>();

function compile(expression: string): jsonata.Expression {
  const made = compiled.get(expression) ?? jsonata(expression);
  compiled.set(expression, made);
  return made;
}

async function evaluateText(text: string, scope: Scope): Promise<unknown> {
  const expression = expressionOf(text);
  if (expression === undefined) return text;
  let value: unknown;
  try {
    const bindings = { ...scope.variables, states: scope.states, ...ADDED };
    value = await compile(expression).evaluate(undefined, bindings);
  } catch (error) {
    const message = error instanceof Error ? error.message : (error as { message?: string }).message;
    throw new StateError('States.QueryEvaluationError', `${text}: ${message ?? String(error)}`);
  }
  if (value === undefined) {
    throw new StateError(
      'States.QueryEvaluationError',
      `The JSONata expression '${expression}' returned nothing (undefined).`,
    );
  }
  return plain(value);
}

/** Replaces the expressions in a template. */
export async function evaluate(template: unknown, scope: Scope): Promise<unknown> {
  if (typeof template === 'string') return evaluateText(template, scope);
  if (Array.isArray(template)) return Promise.all(template.map((item) => evaluate(item, scope)));
  if (typeof template !== 'object' || template === null) return template;
  const entries = Object.entries(template).map(
    async ([key, value]) => [key, await evaluate(value, scope)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
