/** First part of every key that a backup box may write. */
export const BACKUPS = 'backups/';

/** Object names below a backup's prefix; the manifest names the others. */
export const BACKUP_OBJECTS = {
  /** Written last; what has none does not exist. */
  manifest: 'manifest.json',
} as const;

/**
 * Prefix of one backup: `backups/<database>/<start>_<instance id>/`. Starts sort by time. The instance id lets the sweep
 * tell which box an unfinished upload belongs to.
 */
export function backupPrefix(database: string, startedAt: Date, instanceId: string): string {
  const start = startedAt.toISOString().replace(/[-:]/g, '').replace('.', '');
  return `${BACKUPS}${encodeURIComponent(database)}/${start}_${instanceId}/`;
}

/** The box that writes below a backup's prefix, read from a key; undefined for any other key. */
export function instanceOfKey(key: string): string | undefined {
  return /^backups\/[^/]+\/\d{8}T\d{9}Z_(i-[0-9a-f]+)\//.exec(key)?.[1];
}

/**
 * Key of one proof of the backup at `prefix`. Keys are written once, so each attempt has its own; the newest counts.
 */
export function proofKey(prefix: string, finishedAt: Date): string {
  return `${prefix}proof-${finishedAt.toISOString().replace(/[-:]/g, '').replace('.', '')}.json`;
}
