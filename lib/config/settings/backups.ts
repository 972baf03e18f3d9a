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
} as const;
