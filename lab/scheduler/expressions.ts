import { Cron } from 'croner';

/** Says when a schedule is due next after an instant; undefined when never again. */
export type NextDue = (after: Date) => Date | undefined;

/** An expression that EventBridge Scheduler would refuse. */
export class InvalidExpression extends Error {
  override readonly name = 'InvalidExpression';
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function rate(text: string, start: Date): NextDue | undefined {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(text) ?? [];
  if (count === undefined || unit === undefined || Number(count) === 0) return undefined;
  const periodMs = Number(count) * (UNIT_MS[unit] ?? 0);
  return (after) => {
    const passed = Math.max(0, Math.floor((after.getTime() - start.getTime()) / periodMs));
    return new Date(start.getTime() + (passed + 1) * periodMs);
  };
}

/** AWS counts weekdays from 1 (Sunday) and allows `?`; the rest is ordinary. */
function cron(text: string, timeZone: string): NextDue | undefined {
  const fields = /^cron\((.+)\)$/.exec(text)?.[1]?.trim().split(/\s+/);
  if (fields?.length !== 6) return undefined;
  const [minute, hour, day, month, weekday, year] = fields;
  if ((day === '?') === (weekday === '?')) {
    throw new InvalidExpression(`${text}: one of day of month and day of week must be ?, and only one.`);
  }
  const pattern = ['0', minute, hour, day, month, weekday, year].join(' ');
  const options = {
    mode: '7-part',
    timezone: timeZone,
    alternativeWeekdays: true,
    sloppyRanges: true,
  } as const;
  try {
    const parsed = new Cron(pattern, options);
    return (after) => parsed.nextRun(after) ?? undefined;
  } catch (error) {
    throw new InvalidExpression(`${text}: ${String(error)}`);
  }
}

/** `at(2026-11-22T03:00:00)` in a time zone. */
function at(text: string, timeZone: string): NextDue | undefined {
  const instant = /^at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)$/.exec(text)?.[1];
  if (instant === undefined) return undefined;
  const once = new Cron(instant, { timezone: timeZone });
  return (after) => {
    const due = once.getOnce();
    return due !== null && due > after ? due : undefined;
  };
}

/**
 * Reads a schedule expression: `rate(5 minutes)`, `cron(0 3 * * ? *)`, `at(2026-11-22T03:00:00)`.
 * Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html.
 *
 * @param start - from when rates count
 * @throws InvalidExpression for anything else
 */
export function parseExpression(text: string, timeZone: string, start: Date): NextDue {
  const parsed = rate(text, start) ?? cron(text, timeZone) ?? at(text, timeZone);
  if (parsed !== undefined) return parsed;
  throw new InvalidExpression(
    `Invalid Schedule Expression ${text}. Accepted: rate(<n> minutes|hours|days), cron(<six fields>), at(yyyy-mm-ddThh:mm:ss).`,
  );
}
