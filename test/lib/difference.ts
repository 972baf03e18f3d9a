import { isDeepStrictEqual } from 'node:util';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const without = (list: readonly unknown[], others: readonly unknown[]): unknown[] =>
  list.filter((one) => !others.some((other) => isDeepStrictEqual(one, other)));

/**
 * What leads from one value to another, for people to read: `-` before what goes, `+` before what comes. Of an object that
 * goes, there is only the fact.
 */
export function difference(before: unknown, after: unknown): unknown {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const changed = names.filter((name) => !isDeepStrictEqual(before[name], after[name]));
    return Object.fromEntries(changed.map((name) => [name, difference(before[name], after[name])]));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const [gone, come] = [without(before, after), without(after, before)];
    // Another order, or one of two alike: only the whole lists show it.
    return gone.length + come.length === 0 ? { '-': before, '+': after } : { '-': gone, '+': come };
  }
  const gone = isObject(before) && after === undefined ? '{…}' : before;
  return { ...(before === undefined ? {} : { '-': gone }), ...(after === undefined ? {} : { '+': after }) };
}
