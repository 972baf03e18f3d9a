import { isDeepStrictEqual } from 'node:util';
import { cidr } from './cidr';
import {
  isScalar,
  isList,
  isObject,
  listOf,
  objectOf,
  TemplateError,
  textOf,
  type Json,
  type JsonObject,
} from './values';

/** `AWS::NoValue`: removes the property, or the item of a list, that holds it. */
export const NO_VALUE = Symbol('AWS::NoValue');

/** What functions may ask for. */
export interface Scope {
  /** Value of a `Ref`; undefined when there is no parameter, pseudo parameter or resource of that name. */
  ref(name: string): Json | typeof NO_VALUE | undefined;
  attribute(logicalId: string, name: string): Json;
  condition(name: string): boolean;
  mapping(name: string): JsonObject;
  importValue(name: string): Json;
  availabilityZones(region: string): readonly string[];
}

type Evaluated = Json | typeof NO_VALUE;
type Function = (argument: Json, scope: Scope) => Evaluated;

const plain = (value: Json, scope: Scope): Json => {
  const result = evaluate(value, scope);
  if (result === NO_VALUE) throw new TemplateError('AWS::NoValue cannot stand inside a function.');
  return result;
};
const text = (value: Json | undefined, scope: Scope, where: string): string =>
  textOf(value === undefined ? undefined : plain(value, scope), where);
const list = (value: Json | undefined, scope: Scope, where: string): readonly Json[] =>
  listOf(value === undefined ? undefined : plain(value, scope), where);

function ref(argument: Json, scope: Scope): Evaluated {
  const name = textOf(argument, 'Ref');
  const value = scope.ref(name);
  if (value === undefined) throw new TemplateError(`Unresolved reference: ${name}.`);
  return value;
}

function getAtt(argument: Json, scope: Scope): Json {
  const [logicalId, ...path] = isList(argument) ? argument : textOf(argument, 'Fn::GetAtt').split('.');
  const names = path.map((part) => text(part, scope, 'Fn::GetAtt'));
  return scope.attribute(textOf(logicalId, 'Fn::GetAtt'), names.join('.'));
}

const VARIABLE = /\$\{(!?)([^}]+)\}/g;

function sub(argument: Json, scope: Scope): Json {
  const [template, variables] = isList(argument) ? argument : [argument, {}];
  const own = objectOf(variables, 'Fn::Sub');
  return textOf(template, 'Fn::Sub').replace(VARIABLE, (_whole, literal: string, inner: string) => {
    if (literal === '!') return `\${${inner}}`;
    const name = inner.trim();
    const value = own[name];
    if (value !== undefined) return text(value, scope, `Fn::Sub ${name}`);
    const found = name.includes('.') ? getAtt(name, scope) : ref(name, scope);
    return found === NO_VALUE ? '' : textOf(found, `Fn::Sub ${name}`);
  });
}

function select(argument: Json, scope: Scope): Json {
  const [index, items] = listOf(argument, 'Fn::Select');
  const values = list(items, scope, 'Fn::Select');
  const position = Number(text(index, scope, 'Fn::Select'));
  const found = values[position];
  if (found === undefined)
    throw new TemplateError(`Fn::Select: there is no item ${position} in a list of ${values.length}.`);
  return found;
}

function findInMap(argument: Json, scope: Scope): Json {
  const [map, top, second] = listOf(argument, 'Fn::FindInMap').map((key) =>
    text(key, scope, 'Fn::FindInMap'),
  );
  const found = objectOf(scope.mapping(map ?? '')[top ?? ''], `Mapping ${String(map)}.${String(top)}`);
  const value = found[second ?? ''];
  if (value === undefined)
    throw new TemplateError(`Mapping ${String(map)} has no ${String(top)}.${String(second)}.`);
  return value;
}

function choose(argument: Json, scope: Scope): Evaluated {
  const [name, yes, no] = listOf(argument, 'Fn::If');
  const chosen = scope.condition(textOf(name, 'Fn::If')) ? yes : no;
  if (chosen === undefined) throw new TemplateError('Fn::If needs a condition and two values.');
  return evaluate(chosen, scope);
}

function blocks(argument: Json, scope: Scope): Json {
  const [block, count, size] = listOf(argument, 'Fn::Cidr').map((part) => text(part, scope, 'Fn::Cidr'));
  return cidr(block ?? '', Number(count), Number(size ?? 0));
}

const FUNCTIONS: Readonly<Record<string, Function>> = {
  Ref: ref,
  'Fn::GetAtt': getAtt,
  'Fn::Sub': sub,
  'Fn::Select': select,
  'Fn::FindInMap': findInMap,
  'Fn::If': choose,
  'Fn::Cidr': blocks,
  'Fn::Join': (argument, scope) => {
    const [separator, items] = listOf(argument, 'Fn::Join');
    const parts = list(items, scope, 'Fn::Join').map((item) => textOf(item, 'Fn::Join'));
    return parts.join(textOf(separator, 'Fn::Join'));
  },
  'Fn::Split': (argument, scope) => {
    const [separator, whole] = listOf(argument, 'Fn::Split');
    return text(whole, scope, 'Fn::Split').split(textOf(separator, 'Fn::Split'));
  },
  'Fn::Base64': (argument, scope) => Buffer.from(text(argument, scope, 'Fn::Base64')).toString('base64'),
  'Fn::GetAZs': (argument, scope) => scope.availabilityZones(text(argument, scope, 'Fn::GetAZs')),
  'Fn::ImportValue': (argument, scope) => scope.importValue(text(argument, scope, 'Fn::ImportValue')),
};

/** The function that an object is, if it is one. */
function functionOf(value: JsonObject): readonly [string, Json] | undefined {
  const [entry, ...more] = Object.entries(value);
  if (entry === undefined || more.length > 0) return undefined;
  return entry[0] === 'Ref' || entry[0].startsWith('Fn::') ? entry : undefined;
}

/** Evaluates every function in a value. */
export function evaluate(value: Json, scope: Scope): Evaluated {
  if (isList(value))
    return value.map((item) => evaluate(item, scope)).filter((item): item is Json => item !== NO_VALUE);
  if (!isObject(value)) return value;
  const call = functionOf(value);
  if (call !== undefined) {
    const [name, argument] = call;
    const run = FUNCTIONS[name];
    if (run === undefined) throw new TemplateError(`The lab does not know the function ${name}.`);
    return run(argument, scope);
  }
  const entries = Object.entries(value).map(([key, inner]) => [key, evaluate(inner, scope)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== NO_VALUE));
}

/** Evaluates a value that must come to something. */
export const evaluateValue = plain;

/** Conditions compare text: the number 1 equals the string "1". */
const same = (one: Json | undefined, other: Json | undefined): boolean =>
  isDeepStrictEqual(one, other) || (isScalar(one) && isScalar(other) && `${one}` === `${other}`);

/** Evaluates a condition, or an assertion of a rule. */
export function evaluateCondition(value: Json | undefined, scope: Scope): boolean {
  const [name, argument] = Object.entries(objectOf(value, 'A condition'))[0] ?? ['', null];
  const inner = (): boolean[] => listOf(argument, name).map((one) => evaluateCondition(one, scope));
  const both = (): readonly Json[] => listOf(argument, name).map((one) => plain(one, scope));
  switch (name) {
    case 'Condition':
      return scope.condition(textOf(argument, 'Condition'));
    case 'Fn::Equals': {
      const [one, other] = both();
      return same(one, other);
    }
    case 'Fn::Contains': {
      const [items, wanted] = both();
      return listOf(items, name).some((item) => same(item, wanted));
    }
    case 'Fn::And':
      return inner().every(Boolean);
    case 'Fn::Or':
      return inner().some(Boolean);
    case 'Fn::Not':
      return !inner()[0];
    default:
      throw new TemplateError(`The lab does not know the condition function ${name}.`);
  }
}

/** Names that a value refers to: parameters, pseudo parameters and resources. */
export function referencesOf(value: Json): string[] {
  if (isList(value)) return value.flatMap(referencesOf);
  if (!isObject(value)) return [];
  const [name, argument] = functionOf(value) ?? [];
  if (argument === undefined) return Object.values(value).flatMap(referencesOf);
  if (name === 'Ref') return [textOf(argument, name)];
  if (name === 'Fn::GetAtt') {
    const [id, ...path] = isList(argument) ? argument : textOf(argument, name).split('.');
    return [textOf(id, name), ...path.flatMap(referencesOf)];
  }
  if (name === 'Fn::Sub') {
    const [template, variables] = isList(argument) ? argument : [argument, {}];
    const own = isObject(variables) ? variables : {};
    const used = [...textOf(template, name).matchAll(VARIABLE)]
      .filter(([, literal]) => literal === '')
      .map(([, , inner]) => (inner ?? '').trim().split('.')[0] ?? '');
    return [...used.filter((one) => !(one in own)), ...referencesOf(own)];
  }
  return Object.values(value).flatMap(referencesOf);
}
