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

const WHERE = 'now/';

/**
 * Key of an upload that never gets a byte and is always aborted: it tells whoever looks at the unfinished uploads which table the
 * backup at `prefix` has come to. A box has no other way to say something outside while it works.
 *
 * @param table - in a form that any terminal can show
 */
export const tableKey = (prefix: string, table: string): string =>
  `${prefix}${WHERE}${encodeURIComponent(table)}`;

/** The table that such a key tells of; undefined for any other key, and for what no terminal should show. */
export function tableOfKey(key: string): string | undefined {
  const found = /^backups\/[^/]+\/[^/]+\/now\/([^/]+)$/.exec(key)?.[1];
  try {
    const table = decodeURIComponent(found ?? '');
    return table === '' || /[\p{C}\p{Zl}\p{Zp}]/u.test(table) ? undefined : table;
  } catch {
    // Not written by tableKey.
    return undefined;
  }
}

/** The box that writes a key by a multipart upload, read from the key; undefined for any other key. */
export function instanceOfKey(key: string): string | undefined {
  return /^(?:backups\/[^/]+|intake\/[^/]+\/receipts)\/\d{8}T\d{9}Z_(i-[0-9a-f]+)\//.exec(key)?.[1];
}

/**
 * Key of one proof of the backup at `prefix`. Keys are written once, so each attempt has its own; the newest counts.
 */
export function proofKey(prefix: string, finishedAt: Date): string {
  return `${prefix}proof-${finishedAt.toISOString().replace(/[-:]/g, '').replace('.', '')}.json`;
}

/** First part of every key that an intake box may write. */
export const INTAKE = 'intake/';

/** Everything of one source: the only keys that its boxes may write. */
export const intakePrefix = (source: string): string => `${INTAKE}${source}/`;

/** Receipts of one source: the only keys that its boxes may read. */
export const receiptsPrefix = (source: string): string => `${intakePrefix(source)}receipts/`;

/** Object names below a receipt's prefix. */
export const RECEIPT_OBJECTS = {
  /** One line of JSON per file that the push says is there, compressed by gzip. */
  files: 'files.ndjson.gz',
  /** Written last; a push that has none did not happen. */
  receipt: 'receipt.json',
} as const;

/** Prefix of one push: `intake/<source>/receipts/<start>_<instance id>/`. Starts sort by time. */
export function receiptPrefix(source: string, startedAt: Date, instanceId: string): string {
  const start = startedAt.toISOString().replace(/[-:]/g, '').replace('.', '');
  return `${receiptsPrefix(source)}${start}_${instanceId}/`;
}

/** When the push began whose receipt lies in this folder, read from its name; undefined for any other name. */
export function receiptStart(folder: string): Date | undefined {
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z_i-[0-9a-f]+$/.exec(folder);
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second, millisecond] = found;
  const start = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millisecond}Z`);
  return Number.isNaN(start.getTime()) ? undefined : start;
}

/** Key of a pack: chunks of files, one after the other. Its name is 128 random bits, written in hexadecimal. */
export const packKey = (source: string, pack: string): string => `${intakePrefix(source)}packs/${pack}`;

/** Prefix of the indices of the packs that a push has stored, below the push's own prefix. */
export const packIndexPrefix = (receipt: string): string => `${receipt}packs/`;

/** Key of a pack's index: one line of JSON per chunk, compressed by gzip; written when the pack is there. */
export const packIndexKey = (receipt: string, pack: string): string =>
  `${packIndexPrefix(receipt)}${pack}.ndjson.gz`;
