import type { Difference } from '../../../contract/manifest';
import type { TocEntry } from './toc';

/** One error of a restore. */
export interface RestoreError {
  /** Number of the entry in the archive; undefined when the error belongs to none. */
  readonly entryId: number | undefined;
  readonly message: string;
}

/**
 * Reads what pg_restore wrote to standard error. It names an entry once and then lists its errors:
 *
 *     pg_restore: from TOC entry 2; 3079 16387 EXTENSION hstore
 *     pg_restore: error: could not execute query: ERROR:  …
 */
export function parseRestoreErrors(words: string): RestoreError[] {
  const errors: RestoreError[] = [];
  let entryId: number | undefined;
  for (const line of words.split('\n')) {
    const [, entry] = /^pg_restore: (?:\[.*?\] )?from TOC entry (\d+);/.exec(line) ?? [];
    const [, message] = /^pg_restore: (?:\[.*?\] )?(?:error|fatal): (.*)$/.exec(line) ?? [];
    if (entry !== undefined) entryId = Number(entry);
    if (message !== undefined)
      errors.push({ entryId, message: message.replace(/^could not execute query: /, '') });
  }
  return errors;
}

/** How many errors pg_restore says it passed over; 0 when it says nothing. */
export function ignoredErrors(words: string): number {
  return Number(/errors ignored on restore: (\d+)/.exec(words)?.[1] ?? 0);
}

/** Cause of an error that follows from an exception. */
const RESTS = 'what rests on exceptions';

/** What the errors of a restore mean for the proof. */
export interface Verdict {
  /** What a scratch server cannot have, by name. */
  readonly exceptions: readonly string[];
  readonly differences: readonly Difference[];
  /** Identities of archive entries that are missing for a reason that is excepted. */
  readonly excepted: ReadonlySet<string>;
}

/** Entries that make a thing others can name; not those that fill, comment, own or attach it. */
const MAKES =
  /^(TABLE|FOREIGN TABLE|SEQUENCE|VIEW|MATERIALIZED VIEW|TYPE|SHELL TYPE|DOMAIN|FUNCTION|PROCEDURE|AGGREGATE|SCHEMA|COLLATION|OPERATOR.*?|TEXT SEARCH [A-Z]+|SERVER|FOREIGN DATA WRAPPER) (?!DATA |SET |OWNED BY |ATTACH )/;

/** The thing that a message says does not exist: `relation "shop.customer"`, `type "public.geometry"`, `function f(integer)`. */
function missingThing(message: string): readonly string[] | undefined {
  const [, quoted, plain] = /(?:"([^"]+)"|(\S+?)(?:\(.*\))?) does not exist/.exec(message) ?? [];
  return (quoted ?? plain)?.split('.');
}

const makes = (entry: TocEntry, thing: readonly string[]): boolean => {
  if (!MAKES.test(entry.identity)) return false;
  const words = ` ${thing.join(' ')}`;
  return entry.identity.includes(`${words} `) || entry.identity.includes(`${words}(`);
};

/**
 * Tells errors that only show what a scratch server cannot have (an extension that is not packaged, a role or a collation of
 * RDS, and whatever rests on those) from errors that show a backup that does not restore.
 */
export function judgeErrors(
  errors: readonly RestoreError[],
  archive: readonly TocEntry[],
  missingExtensions: readonly string[],
): Verdict {
  const byId = new Map(archive.map((entry) => [entry.id, entry]));
  const excepted = new Set<string>();
  const exceptions = new Set(missingExtensions.map((name) => `extension ${name}`));
  const differences: Difference[] = [];

  /** Whether the archive itself brings what is said not to exist; then its absence is a fault of the backup. */
  const isBrought = (thing: readonly string[]): boolean =>
    archive.some((entry) => !excepted.has(entry.identity) && makes(entry, thing));

  const causeOf = (message: string): string | undefined => {
    const [, extension] = /extension "([^"]+)"/.exec(message) ?? [];
    if (extension !== undefined && missingExtensions.includes(extension)) return `extension ${extension}`;
    const [, role] = /role "(rds[^"]*)" does not exist/.exec(message) ?? [];
    if (role !== undefined) return `role ${role}`;
    const [, collation] = /collation "([^"]+)" for encoding "[^"]+" does not exist/.exec(message) ?? [];
    if (collation !== undefined) return `collation ${collation}`;
    const thing = missingThing(message);
    return exceptions.size > 0 && thing !== undefined && !isBrought(thing) ? RESTS : undefined;
  };

  for (const { entryId, message } of errors) {
    const entry = entryId === undefined ? undefined : byId.get(entryId);
    const cause = causeOf(message);
    if (cause === undefined) {
      const what = entry === undefined ? 'restore' : `restore of ${entry.identity.trim()}`;
      differences.push({ what, expected: 'no error', found: message });
    } else {
      if (entry !== undefined) excepted.add(entry.identity);
      exceptions.add(cause === RESTS ? `${entry?.identity.trim() ?? 'entry'} (${message})` : cause);
    }
  }
  return { exceptions: [...exceptions], differences, excepted };
}
