import { oneOf, whole } from './kinds';

/** Default of `objectLockDays`. */
export const OBJECT_LOCK_DAYS = 7;

/** Settings of backups and of what becomes of them. */
export const backupSettings = {
  zstdLevel: whole(1, 19, 'compression levels', 3).describe('compression of backups, 1 (fast) to 19 (small)'),
  objectLockMode: oneOf(['none', 'governance', 'compliance'], 'governance').describe(
    '`governance`, `compliance` (nobody can shorten it), `none`',
  ),
  /** Whether it was given tells a contradiction from a default. */
  objectLockDays: whole(1, 36_500, 'days', OBJECT_LOCK_DAYS)
    .unwrap()
    .optional()
    .describe('days for which a written backup cannot be deleted'),
  onDestroy: oneOf(['keep', 'delete'], 'keep').describe(
    'what `cdk destroy` does with backups, key and database: `keep` (the database as a snapshot), or `delete` for good',
  ),
  keepDaily: whole(0, 3650, 'days', 7).describe(
    'proven backups that stay: the last of each day, for so many days',
  ),
  keepWeekly: whole(0, 520, 'weeks', 4).describe('the first of each week, for so many weeks'),
  keepMonthly: whole(0, 120, 'months', 12).describe('the first of each month, for so many months'),
  keepAtLeast: whole(1, 1000, 'backups', 3).describe('proven backups that stay whatever their age'),
} as const;
