import { oneOf, whole } from './kinds';

/** Settings of backups and of what becomes of them. */
export const backupSettings = {
  zstdLevel: whole(1, 19, 'compression levels', 3).describe('compression of backups, 1 (fast) to 19 (small)'),
  objectLockMode: oneOf(['none', 'governance', 'compliance'], 'governance').describe(
    '`governance`, `compliance` (nobody can shorten it), `none`',
  ),
  objectLockDays: whole(1, 36_500, 'days', 7).describe('days for which a written backup cannot be deleted'),
} as const;
