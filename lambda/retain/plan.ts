/** What is known of a committed backup when it is decided how long it stays. */
export interface Candidate {
  /** Ends with a slash. */
  readonly prefix: string;
  /** When S3 got the manifest: S3's own clock, which no box can set. */
  readonly storedAt: Date;
  /** Whether its newest proof says that it restores, and is a proof of this very manifest. */
  readonly proven: boolean;
}

/** How many are kept; see the settings. */
export interface Retention {
  readonly keepDaily: number;
  readonly keepWeekly: number;
  readonly keepMonthly: number;
  /** Proven ones that stay whatever their age. */
  readonly keepAtLeast: number;
  /** Days for which S3 keeps an object anyway; 0 without lock. */
  readonly lockDays: number;
}

/** What becomes of one backup, and why. */
export interface Decision {
  readonly prefix: string;
  readonly keep: boolean;
  /** Words for the operator: `daily`, `weekly`, `locked`, … */
  readonly reasons: readonly string[];
}

const DAY_MS = 86_400_000;

const day = (at: Date): string => at.toISOString().slice(0, 10);
const month = (at: Date): string => at.toISOString().slice(0, 7);
/** Monday of the week. 1970-01-01 was a Thursday. */
const week = (at: Date): string => {
  const days = Math.floor(at.getTime() / DAY_MS);
  return day(new Date((days - ((days + 3) % 7)) * DAY_MS));
};

/**
 * One of each period, for the newest `count` periods that have one: periods without count for nothing, so that a month of
 * failures evicts nothing.
 */
function onePerPeriod(
  newestFirst: readonly Candidate[],
  period: (at: Date) => string,
  which: 'first' | 'last',
  count: number,
): string[] {
  const chosen = new Map<string, string>();
  for (const { prefix, storedAt } of newestFirst) {
    const key = period(storedAt);
    if (!chosen.has(key) && chosen.size === count) break;
    if (which === 'first' || !chosen.has(key)) chosen.set(key, prefix);
  }
  return [...chosen.values()];
}

/**
 * Decides which backups of one database stay. Only proven ones count: the last of each day, and the first of each week and
 * month, since whoever writes many later cannot take the place of the first. Of the others, one stays until as many newer
 * proven ones exist as must be kept at least.
 *
 * @param backups - committed backups of one database, in any order
 * @returns one decision for each, newest first
 */
export function planRetention(
  backups: readonly Candidate[],
  retention: Retention,
  now: Date,
): readonly Decision[] {
  const newestFirst = [...backups].sort(
    (a, b) => b.storedAt.getTime() - a.storedAt.getTime() || (a.prefix < b.prefix ? 1 : -1),
  );
  const proven = newestFirst.filter((one) => one.proven);
  const { keepDaily, keepWeekly, keepMonthly, keepAtLeast } = retention;
  const kept: readonly (readonly [string, ReadonlySet<string>])[] = [
    ['daily', new Set(onePerPeriod(proven, day, 'last', keepDaily))],
    ['weekly', new Set(onePerPeriod(proven, week, 'first', keepWeekly))],
    ['monthly', new Set(onePerPeriod(proven, month, 'first', keepMonthly))],
    ['minimum', new Set(proven.slice(0, keepAtLeast).map(({ prefix }) => prefix))],
  ];
  const unlockedBefore = now.getTime() - (retention.lockDays + 1) * DAY_MS;
  let newer = 0;
  return newestFirst.map((one) => {
    const reasons = kept.flatMap(([reason, prefixes]) => (prefixes.has(one.prefix) ? [reason] : []));
    if (one.storedAt.getTime() > unlockedBefore) reasons.push('locked');
    if (newer < keepAtLeast && !one.proven) reasons.push('too few newer ones are proven');
    if (one.proven) newer += 1;
    return { prefix: one.prefix, keep: reasons.length > 0, reasons };
  });
}
