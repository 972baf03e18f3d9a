import { z } from 'zod';
import { AwsFault } from '../endpoint/fault';

/** Values that match exactly, or a field's presence; the other operators of EventBridge are refused. */
const presence = z.strictObject({ exists: z.boolean() });
const values = z.array(z.union([z.string(), z.number(), z.boolean(), z.null(), presence])).min(1);

/** An event pattern: fields at any depth, each with the values that it may have. */
export interface Pattern {
  readonly [field: string]: Pattern | z.output<typeof values>;
}

const pattern: z.ZodType<Pattern> = z.lazy(() => z.record(z.string(), z.union([values, pattern])));

/**
 * Reads the pattern of a rule.
 *
 * @throws AwsFault `InvalidEventPatternException` for what the lab would not match as AWS does
 */
export function readPattern(text: string): Pattern {
  const parsed = pattern.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new AwsFault(
    'InvalidEventPatternException',
    `The lab matches exact values and presence only: ${z.prettifyError(parsed.error)}`,
  );
}

function isMet(expected: z.output<typeof values>[number], value: unknown): boolean {
  if (typeof expected === 'object' && expected !== null) return expected.exists === (value !== undefined);
  return Array.isArray(value) ? value.includes(expected) : value === expected;
}

/** Whether an event fits: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html */
export function fits(wanted: Pattern, event: unknown): boolean {
  const fields = typeof event === 'object' && event !== null ? (event as Record<string, unknown>) : {};
  return Object.entries(wanted).every(([field, expected]) => {
    const value = fields[field];
    return Array.isArray(expected) ? expected.some((one) => isMet(one, value)) : fits(expected, value);
  });
}

/** The value at a path such as `$.detail.name`; undefined when there is none. */
export const at = (path: string, event: unknown): unknown =>
  path
    .split('.')
    .slice(1)
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], event);

/**
 * The input of a target: `<name>` stands for the value at a path, as JSON, or as bare text where it stands inside a string,
 * which is empty where the event has no such path.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
export function transform(
  transformer: {
    readonly InputPathsMap?: Readonly<Record<string, string>> | undefined;
    readonly InputTemplate: string;
  },
  event: unknown,
): string {
  const { InputPathsMap = {}, InputTemplate } = transformer;
  return InputTemplate.replace(/<([\w.-]+)>/g, (all, name: string, offset: number) => {
    const path = InputPathsMap[name];
    if (path === undefined) return all;
    const value = at(path, event) ?? null;
    const isInText = (InputTemplate.slice(0, offset).match(/(?<!\\)"/g) ?? []).length % 2 === 1;
    if (isInText && value === null) return '';
    const json = JSON.stringify(value);
    return isInText && typeof value === 'string' ? json.slice(1, -1) : json;
  });
}
