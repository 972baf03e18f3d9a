import { z } from 'zod';
import { type Rule, rule } from './rule';

/** Whether a schedule begins a run on every day. */
export const isDaily = (schedule: string): boolean => {
  const cron = /^cron\(\S+ \S+ (\S+) (\S+) (\S+) (\S+)\)$/.exec(schedule);
  if (cron !== null) return cron.slice(1).every((field) => field === '*' || field === '?');
  return /^rate\((1 days?|\d+ minutes?|([1-9]|1\d|2[0-4]) hours?)\)$/.test(schedule);
};

const needed = (setting: string): Rule =>
  rule(setting, { schedule: z.string() }, ({ schedule }, given) =>
    schedule === 'none' || isDaily(schedule) || given.has(setting)
      ? undefined
      : 'is needed with a schedule that does not run on every day: it says from when on a backup is missing (0: never)',
  );

/** What the settings of what is watched must hold together. */
export const MONITORING_RULES: readonly Rule[] = [
  needed('proofMaxAgeHours'),
  needed('runMaxGapHours'),
  rule('proofMaxAgeHours', { engine: z.string(), proofMaxAgeHours: z.int().min(1) }, ({ engine }) =>
    engine === 'mysql' ? 'must not be given with engine mysql: no server of it can run on a box' : undefined,
  ),
];
