import { z } from 'zod';
import { isRecipient } from '../recipients';
import { FORMATS } from '../../../contract/manifest';
import { list, matching, oneOf, whole, yesOrNo } from './kinds';

const ROWS =
  'must be patterns of tables such as shop.log_* or *.sessions, without commas, quotes and line breaks';
const RECIPIENTS =
  'must be up to 20 recipients of age, as age-keygen prints them: age1 and 58 more letters and digits';

/** Default of `objectLockDays`. */
export const OBJECT_LOCK_DAYS = 7;

/** Settings of backups and of what becomes of them. */
export const backupSettings = {
  format: oneOf(FORMATS, 'zstd').describe(
    '`zstd` (streams), or `7z`: archives with encrypted names for whoever must have them; needs `archiveSecretArn`, and room for twice the database on the disk of a box (`boxVolumeGiB`)',
  ),
  archiveSecretArn: matching(
    /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+-[A-Za-z0-9]{6}$/,
    'must be the whole ARN of a secret, which ends in a dash and six characters',
  )
    .optional()
    .describe(
      'secret that holds the password of `7z` archives as plain text, encrypted with `aws/secretsmanager`; made by you, since it must outlive the stack. Without `7z` it serves to prove and restore earlier archives',
    ),
  zstdLevel: whole(1, 19, 'compression levels', 1).describe('compression of backups, 1 (fast) to 19 (small)'),
  leaveOutRows: list(z.string(ROWS).regex(/^!?[^,.'\s][^,']*\.[^,']+$/, ROWS), ROWS).describe(
    'tables whose rows stay out of backups, as patterns `schema.table` (MariaDB, MySQL: `database.table`) with `*`; the last one that fits decides, and `!` takes tables back: `*.*,!shop.*` keeps the rows of one schema',
  ),
  ageRecipients: z
    .array(z.string(RECIPIENTS).refine(isRecipient, RECIPIENTS), RECIPIENTS)
    .max(20, RECIPIENTS)
    .default([])
    .describe(
      'who can read backups, as public keys of age (`age-keygen`): with one or more, what leaves a box is encrypted to them; keep the secret keys elsewhere',
    ),
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
  cloudTrailDataEvents: yesOrNo(false).describe(
    'CloudTrail records who reads and writes which object of the bucket, in a bucket of its own; $0.10 per 100,000 requests',
  ),
  keepDaily: whole(0, 3650, 'days', 7).describe(
    'proven backups that stay: the last of each day, for so many days',
  ),
  keepWeekly: whole(0, 520, 'weeks', 4).describe('the first of each week, for so many weeks'),
  keepMonthly: whole(0, 120, 'months', 12).describe('the first of each month, for so many months'),
  keepAtLeast: whole(1, 1000, 'backups', 3).describe('proven backups that stay whatever their age'),
} as const;
