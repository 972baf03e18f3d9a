import * as fc from 'fast-check';
import { type Candidate, planRetention, type Retention } from '../../../lambda/retain/plan';

const POLICY: Retention = { keepDaily: 7, keepWeekly: 4, keepMonthly: 12, keepAtLeast: 3, lockDays: 7 };
const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 1, 3);
const at = (dayNumber: number): Date => new Date(START + dayNumber * DAY_MS);
const backup = (dayNumber: number, proven: boolean, kind = ''): Candidate => ({
  prefix: `backups/app/${String(dayNumber).padStart(4, '0')}${kind}/`,
  storedAt: at(dayNumber),
  proven,
});

/** Lives through days one after the other: what is taken, what is expired the same evening, what stands at its end. */
function live(
  days: number,
  taken: (dayNumber: number) => readonly Candidate[],
  look: (standing: readonly Candidate[], dayNumber: number, expired: readonly Candidate[]) => void,
  policy = POLICY,
): readonly Candidate[] {
  let standing: readonly Candidate[] = [];
  for (let dayNumber = 0; dayNumber < days; dayNumber += 1) {
    const before = [...standing, ...taken(dayNumber)];
    const now = new Date(at(dayNumber).getTime() + DAY_MS / 2);
    const kept = new Set(
      planRetention(before, policy, now).flatMap(({ prefix, keep }) => (keep ? [prefix] : [])),
    );
    standing = before.filter(({ prefix }) => kept.has(prefix));
    look(
      standing,
      dayNumber,
      before.filter(({ prefix }) => !kept.has(prefix)),
    );
  }
  return standing;
}

const daysOf = (standing: readonly Candidate[]): string[] =>
  standing.map(({ storedAt }) => storedAt.toISOString().slice(0, 10)).sort();

test('two years of good nights: a week of days, four Mondays, twelve firsts of the month, and never more', () => {
  const most: number[] = [];
  const standing = live(
    730,
    (dayNumber) => [backup(dayNumber, true)],
    (left, dayNumber) => {
      most.push(left.length);
      const daily = [0, 1, 2, 3, 4, 5, 6]
        .filter((back) => dayNumber >= back)
        .map((back) => at(dayNumber - back));
      expect(daysOf(left)).toEqual(
        expect.arrayContaining(daily.map((one) => one.toISOString().slice(0, 10))),
      );
    },
  );
  expect(Math.max(...most)).toBeLessThanOrEqual(8 + 4 + 12);
  expect(daysOf(standing)).toEqual([
    ...['2027-01-01', '2027-02-01', '2027-03-01', '2027-04-01', '2027-05-01', '2027-06-01'],
    ...['2027-07-01', '2027-08-01', '2027-09-01', '2027-10-01', '2027-11-01', '2027-12-01'],
    ...['2027-12-06', '2027-12-13', '2027-12-20'],
    ...[
      '2027-12-24',
      '2027-12-25',
      '2027-12-26',
      '2027-12-27',
      '2027-12-28',
      '2027-12-29',
      '2027-12-30',
      '2027-12-31',
    ],
  ]);
});

test.each([
  ['no backup at all', (): readonly Candidate[] => []],
  [
    'backups that nobody proved',
    (dayNumber: number) => [backup(dayNumber, false, 'a'), backup(dayNumber, false, 'b')],
  ],
])('six months of %s evict no proven one that stood before', (_, bad) => {
  let before: readonly Candidate[] = [];
  live(
    300,
    (dayNumber) => (dayNumber < 120 ? [backup(dayNumber, true)] : bad(dayNumber)),
    (standing, dayNumber) => {
      const proven = standing.filter((one) => one.proven);
      if (dayNumber === 119) before = proven;
      // Only what no class holds goes, once its lock ends: not one of the days, weeks and months.
      if (dayNumber >= 120)
        expect(daysOf(proven)).toEqual(daysOf(before.filter((one) => proven.includes(one))));
      if (dayNumber >= 120) expect(proven.length).toBeGreaterThanOrEqual(7 + 3);
    },
  );
});

test('a month of fakes, many a day and each with a proof of its own, takes the place of no first of a week or month', () => {
  const good = (standing: readonly Candidate[]): string[] =>
    daysOf(standing.filter(({ prefix }) => !prefix.includes('fake')));
  const standing = live(
    150,
    (dayNumber) =>
      dayNumber < 120
        ? [backup(dayNumber, true)]
        : Array.from({ length: 5 }, (_, index) => backup(dayNumber, true, `fake${index}`)),
    () => undefined,
  );
  // 2026-05-01 is day 120, the first of the fakes.
  expect(good(standing)).toEqual(
    expect.arrayContaining(['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01']),
  );
});

test('nothing goes while it is locked, and no backup goes before enough newer ones are proven', () => {
  const night = fc.constantFrom('none', 'proven', 'unproven', 'both');
  fc.assert(
    fc.property(
      fc.array(night, { minLength: 30, maxLength: 200 }),
      fc.integer({ min: 0, max: 30 }),
      (nights, lockDays) => {
        const policy = { ...POLICY, lockDays };
        live(
          nights.length,
          (dayNumber) => {
            const what = nights[dayNumber] ?? 'none';
            return [
              ...(what === 'proven' || what === 'both' ? [backup(dayNumber, true, 'p')] : []),
              ...(what === 'unproven' || what === 'both' ? [backup(dayNumber, false, 'u')] : []),
            ];
          },
          (standing, dayNumber, expired) => {
            const everProven = nights
              .slice(0, dayNumber + 1)
              .filter((one) => one === 'proven' || one === 'both').length;
            const proven = standing.filter((one) => one.proven);
            expect(proven.length).toBeGreaterThanOrEqual(Math.min(3, everProven));
            for (const gone of expired) {
              expect(at(dayNumber).getTime() - gone.storedAt.getTime()).toBeGreaterThanOrEqual(
                lockDays * DAY_MS,
              );
              const newer = proven.filter(({ storedAt }) => storedAt >= gone.storedAt);
              expect(newer.length).toBeGreaterThanOrEqual(3);
            }
          },
          policy,
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('each decision says why', () => {
  const now = new Date(at(30).getTime() + DAY_MS / 2);
  const backups = [
    backup(0, true),
    backup(20, false),
    backup(21, true),
    backup(22, true),
    backup(29, false),
    backup(30, true),
  ];
  expect(planRetention(backups, { ...POLICY, keepDaily: 1, keepWeekly: 1, keepMonthly: 1 }, now)).toEqual([
    { prefix: 'backups/app/0030/', keep: true, reasons: ['daily', 'weekly', 'minimum', 'locked'] },
    { prefix: 'backups/app/0029/', keep: true, reasons: ['locked', 'too few newer ones are proven'] },
    { prefix: 'backups/app/0022/', keep: true, reasons: ['minimum'] },
    { prefix: 'backups/app/0021/', keep: true, reasons: ['minimum'] },
    { prefix: 'backups/app/0020/', keep: false, reasons: [] },
    { prefix: 'backups/app/0000/', keep: true, reasons: ['monthly'] },
  ]);
});
