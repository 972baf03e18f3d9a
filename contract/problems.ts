import type { z } from 'zod';

/** Input that was refused before anything was changed. The message lists every problem and what is accepted. */
export class RefusedInput extends Error {
  override readonly name = 'RefusedInput';
}

const describe = (issue: z.core.$ZodIssue): string => {
  const at = issue.path.map(String).join('.');
  return `- ${at === '' ? '' : `${at}: `}${issue.message}`;
};

/**
 * Reads outside input with a schema.
 *
 * @param what - what is being read, for the message: "settings", "event of the create function"
 * @param accepted - one line that names the accepted fields and their ranges
 * @returns the parsed value
 * @throws RefusedInput naming every problem at once
 */
export function parseOrRefuse<T>(schema: z.ZodType<T>, input: unknown, what: string, accepted: string): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(describe);
  throw new RefusedInput(
    [`The ${what} was refused; nothing was changed.`, ...problems, `Accepted: ${accepted}`].join('\n'),
  );
}
