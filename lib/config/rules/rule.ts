import { z } from 'zod';

/** What several settings must hold together. */
export interface Rule {
  /** The setting that is blamed. */
  readonly setting: string;
  /**
   * What is wrong, if anything.
   *
   * @param settings - those that are right in themselves, with their defaults
   * @param given - names of those that somebody wrote down
   */
  readonly problem: (settings: unknown, given: ReadonlySet<string>) => string | undefined;
}

/**
 * A rule that is judged only where the settings it looks at are right in themselves, and then whatever others are: so one
 * message names every problem.
 */
export function rule<T extends z.ZodRawShape>(
  setting: string,
  looksAt: T,
  problem: (settings: z.output<z.ZodObject<T>>, given: ReadonlySet<string>) => string | undefined,
): Rule {
  const schema = z.object(looksAt);
  return {
    setting,
    problem: (settings, given) => {
      const parsed = schema.safeParse(settings);
      return parsed.success ? problem(parsed.data, given) : undefined;
    },
  };
}

/** Rules for settings that mean nothing without another one, or beside it. */
export const only = (
  settings: readonly string[],
  where: 'with' | 'without',
  other: string,
  because: string,
): Rule[] =>
  settings.map((setting) => ({
    setting,
    problem: (_, given) =>
      given.has(setting) && given.has(other) !== (where === 'with')
        ? `must not be given ${where === 'with' ? 'without' : 'with'} ${other}: ${because}`
        : undefined,
  }));

/** Rules for settings that another one needs. */
export const needed = (settings: readonly string[], by: string, because: string): Rule[] =>
  settings.map((setting) => ({
    setting,
    problem: (_, given) =>
      given.has(by) && !given.has(setting) ? `is needed with ${by}: ${because}` : undefined,
  }));
