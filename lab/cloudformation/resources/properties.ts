import { z } from 'zod';
import type { ResourceContext, Tag } from '../resource-type';

/** Text; CloudFormation takes numbers and truth values for it. */
export const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
/** Several texts. */
export const texts = z.array(text);
/** A whole number, or its digits. */
export const integer = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number),
]);
/** A truth value, or its name. */
export const bool = z.union([z.boolean(), z.enum(['true', 'false']).transform((name) => name === 'true')]);
/** A policy or another document that an API takes as JSON text. */
export const document = z
  .union([z.string(), z.record(z.string(), z.unknown())])
  .transform((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
/** Tags of a resource. */
export const tags = z.array(z.strictObject({ Key: text, Value: text }));

/** A value that an API always returns. */
export function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`The emulator returned no ${what}.`);
  return value;
}

/** A resource's own tags together with those of its stack; its own win. */
export function allTags(own: readonly Tag[] | undefined, { tags: stack }: ResourceContext): Tag[] {
  const mine = own ?? [];
  return [...stack.filter(({ Key }) => !mine.some((tag) => tag.Key === Key)), ...mine].map(
    ({ Key, Value }) => ({
      Key,
      Value,
    }),
  );
}

/** The same as a map, as some APIs want it. */
export function tagMap(own: readonly Tag[] | undefined, context: ResourceContext): Record<string, string> {
  return Object.fromEntries(allTags(own, context).map(({ Key, Value }) => [Key, Value]));
}

/** Tells, for removal, whether the API says that the resource is gone already. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && /NotFound|NoSuch|DoesNotExist|Not ?Exist/i.test(error.name);
}

/** Waits for a removal; what is gone already is removed. */
export async function removed(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: unknown) => {
    if (!isGone(error)) throw error;
  });
}

/** An object without some of its members. */
export function without<T extends object, K extends keyof T>(value: T, ...names: readonly K[]): Omit<T, K> {
  const left = Object.entries(value).filter(([name]) => !(names as readonly PropertyKey[]).includes(name));
  return Object.fromEntries(left) as Omit<T, K>;
}
