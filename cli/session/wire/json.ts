import { MalformedMessage } from './message';

/** A JSON object whose fields still have to be looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object (no array, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads a payload that must be one JSON object.
 *
 * @param what - name of the payload, for the message
 * @throws MalformedMessage
 */
export function readJson(payload: Buffer, what: string): JsonObject {
  const value = parse(payload, what);
  if (!isObject(value)) throw new MalformedMessage(`the ${what} is not a JSON object`);
  return value;
}

function parse(payload: Buffer, what: string): unknown {
  try {
    return JSON.parse(payload.toString('utf8')) as unknown;
  } catch (error) {
    throw new MalformedMessage(`the ${what} is not JSON: ${String(error)}`);
  }
}

/** The text of a field; empty when it is absent or no text. Numbers, which some documents use for ports, become text. */
export function textOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : '';
}
