import { z } from 'zod';

/** A whole number with its unit, between two limits. */
export const whole = (min: number, max: number, unit: string, standard: number) => {
  const message = `must be a whole number of ${unit} from ${min} to ${max}`;
  return z.int(message).min(min, message).max(max, message).default(standard);
};

/** One of a few words. */
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T, standard: T[number]) =>
  z
    .enum(values, `must be one of ${values.join(', ')}`)
    .default(standard as z.core.util.NoUndefined<T[number]>);

/** A switch. */
export const yesOrNo = (standard: boolean) => z.boolean('must be true or false').default(standard);

/** Text of a certain form. */
export const words = (pattern: RegExp, message: string, standard: string) =>
  z.string(message).regex(pattern, message).default(standard);

/** Text of a certain form, which may be left out. */
export const matching = (pattern: RegExp, message: string) => z.string(message).regex(pattern, message);

/** Id of something of EC2. */
export const idOf = (prefix: string, message: string) =>
  matching(new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`), message);

/** Any number of something; none by default. */
export const list = <T extends z.ZodType<string>>(item: T, message: string) =>
  z.array(item, message).default([]);
