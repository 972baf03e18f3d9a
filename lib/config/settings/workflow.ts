import { z } from 'zod';
import { databaseNameRule } from './database';
import { whole, words } from './kinds';

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};

const DATABASES = 'must be 1 to 100 different names of databases of the instance';

/** Settings of the nightly run. */
export const workflowSettings = {
  /** Inline in the run's definition: more than a hundred belong into several stacks. */
  databases: z
    .tuple([databaseNameRule], databaseNameRule, DATABASES)
    .refine((names) => names.length <= 100 && new Set(names).size === names.length, DATABASES)
    .optional()
    .describe('databases of the instance that a run backs up; without it `databaseName` alone'),
  schedule: words(
    /^(none|cron\(\S+( \S+){5}\)|rate\([1-9]\d* (minute|hour|day)s?\))$/,
    'must be none, cron(<minutes> <hours> <day of month> <month> <day of week> <year>) or rate(<number> hours|days)',
    'cron(0 3 * * ? *)',
  ).describe('when a run begins, as EventBridge Scheduler writes it; `none`: only when asked for'),
  timeZone: z
    .string('must be the name of a time zone')
    .refine(isTimeZone, 'must be the name of a time zone, such as Europe/Berlin')
    .default('UTC')
    .describe('time zone of `schedule`'),
  backupConcurrency: whole(1, 40, 'databases', 2).describe(
    'databases that a run backs up at a time, each on a box of its own; a new account has room for two',
  ),
  proofEvery: whole(1, 100, 'backups', 1).describe('proves every n-th backup; 1: all'),
} as const;
