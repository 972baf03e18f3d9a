/** A value of a template, before or after its functions are evaluated. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
/** An object of a template. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** Something wrong with a template or its inputs, in words for its author. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** Whether a value is an object, not a list. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value is a list. */
export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** Whether a value is text, a number or a truth value. */
export const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** Text of a scalar as CloudFormation writes it into strings. */
export function textOf(value: Json | undefined, where: string): string {
  if (isScalar(value)) return String(value);
  throw new TemplateError(`${where} must be a string, not ${JSON.stringify(value)}.`);
}

/** A list, or an error that names the place. */
export function listOf(value: Json | undefined, where: string): readonly Json[] {
  if (isList(value)) return value;
  throw new TemplateError(`${where} must be a list, not ${JSON.stringify(value)}.`);
}

/** An object, or an error that names the place. */
export function objectOf(value: Json | undefined, where: string): JsonObject {
  if (isObject(value)) return value;
  throw new TemplateError(`${where} must be an object, not ${JSON.stringify(value)}.`);
}
