import { z } from 'zod';
import { ENGINES } from '../../contract/engines';
import { VERSIONS } from './engine-versions';

/** What several settings must hold together. */
export interface Rule {
  /** The setting that is blamed. */
  readonly setting: string;
  /** What is wrong, if anything, in a parsed object whose settings may each be wrong in themselves. */
  readonly problem: (settings: unknown) => string | undefined;
}

/**
 * A rule that is judged only where the settings it looks at are right in themselves, and then whatever others are: so one
 * message names every problem.
 */
export function rule<T extends z.ZodRawShape>(
  setting: string,
  looksAt: T,
  problem: (settings: z.output<z.ZodObject<T>>) => string | undefined,
): Rule {
  const schema = z.object(looksAt);
  return {
    setting,
    problem: (settings) => {
      const parsed = schema.safeParse(settings);
      return parsed.success ? problem(parsed.data) : undefined;
    },
  };
}

/** All of them. */
export const RULES: readonly Rule[] = [
  rule('ttlMinutes', { ttlMinutes: z.int(), maxTtlMinutes: z.int() }, ({ ttlMinutes, maxTtlMinutes }) =>
    ttlMinutes > maxTtlMinutes ? 'must not be more than maxTtlMinutes' : undefined,
  ),
  rule(
    'engineVersion',
    { engine: z.enum(ENGINES), engineVersion: z.string() },
    ({ engine, engineVersion }) =>
      VERSIONS[engine].pattern.test(engineVersion)
        ? undefined
        : `must be ${VERSIONS[engine].accepted}, in quotes`,
  ),
  rule('objectLockDays', { objectLockMode: z.string(), objectLockDays: z.int() }, ({ objectLockMode }) =>
    objectLockMode === 'none'
      ? 'means nothing with objectLockMode none: leave it out, or choose governance or compliance'
      : undefined,
  ),
  rule('onDestroy', { onDestroy: z.string(), objectLockMode: z.string() }, ({ onDestroy, objectLockMode }) =>
    onDestroy === 'delete' && objectLockMode === 'compliance'
      ? 'cannot be delete with objectLockMode compliance: nobody, not even AWS, can delete a backup before its lock ends'
      : undefined,
  ),
  rule('onDestroy', { onDestroy: z.string(), deletionProtection: z.boolean() }, (settings) =>
    settings.onDestroy === 'delete' && settings.deletionProtection
      ? 'cannot be delete with deletionProtection true: the backups would be gone when the protected database stops the deletion'
      : undefined,
  ),
];
