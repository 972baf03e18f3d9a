import { z } from 'zod';
import { DATABASE_RULES } from './rules/database';
import { MONITORING_RULES } from './rules/monitoring';
import { NETWORK_RULES } from './rules/network';
import { rule, type Rule } from './rules/rule';

/** What settings must hold together. */
export const RULES: readonly Rule[] = [
  rule('ttlMinutes', { ttlMinutes: z.int(), maxTtlMinutes: z.int() }, ({ ttlMinutes, maxTtlMinutes }) =>
    ttlMinutes > maxTtlMinutes ? 'must not be more than maxTtlMinutes' : undefined,
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
  rule(
    'archiveSecretArn',
    { format: z.string(), archiveSecretArn: z.string().optional() },
    ({ format, archiveSecretArn }) =>
      format === '7z' && archiveSecretArn === undefined
        ? 'must be given with format 7z: the secret that holds the password of its archives'
        : undefined,
  ),
  rule('ageRecipients', { format: z.string(), ageRecipients: z.array(z.string()) }, (settings) =>
    settings.format === '7z' && settings.ageRecipients.length > 0
      ? 'must not be given with format 7z, which is encrypted by its password'
      : undefined,
  ),
  ...NETWORK_RULES,
  ...DATABASE_RULES,
  ...MONITORING_RULES,
];
