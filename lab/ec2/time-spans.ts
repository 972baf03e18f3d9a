import { Cron } from 'croner';

const UNITS_MS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    [
      [1, 'ms msec'],
      [1_000, 's sec second seconds'],
      [60_000, 'm min minute minutes'],
      [3_600_000, 'h hr hour hours'],
      [86_400_000, 'd day days'],
      [604_800_000, 'w week weeks'],
    ] as const
  ).flatMap(([ms, names]) => names.split(' ').map((name) => [name, ms])),
);

/**
 * Reads a time span as systemd writes it: `90`, `5min`, `1h 30min`.
 * Source: https://www.freedesktop.org/software/systemd/man/latest/systemd.time.html.
 *
 * @returns milliseconds
 * @throws Error for anything else
 */
export function parseTimeSpan(text: string): number {
  const refuse = (): never => {
    throw new Error(`"${text}" is no time span. Accepted: seconds, or numbers with units such as 1h 30min.`);
  };
  if (text.trim() === '') refuse();
  const rest = text.replace(/(\d+(?:\.\d+)?)\s*([a-z]*)\s*/g, (_all, number: string, unit: string) => {
    const ms = unit === '' ? 1_000 : UNITS_MS[unit];
    return ms === undefined ? refuse() : `+${Number(number) * ms}`;
  });
  if (!/^(\+[\d.]+)+$/.test(rest)) refuse();
  return rest.split('+').reduce((sum, part) => sum + Number(part), 0);
}

const WORDS: Readonly<Record<string, string>> = {
  minutely: '*-*-* *:*:00',
  hourly: '*-*-* *:00:00',
  daily: '*-*-* 00:00:00',
  monthly: '*-*-01 00:00:00',
};

/** Ranges are written `1..5` there, `1-5` here; leading zeros mean nothing. */
const field = (text: string): string => text.replaceAll('..', '-').replace(/\b0*(\d)/g, '$1');

/**
 * The next instant of a systemd calendar expression: `hourly`, `*-*-* *:0/5:00`, `*:0/10`, `2026-11-22 03:00:00 UTC`.
 * Boxes keep UTC. Days of the week are not read.
 *
 * @returns undefined when there is none any more
 * @throws Error for expressions that the lab does not read
 */
export function nextCalendarInstant(expression: string, after: Date): Date | undefined {
  const text = (WORDS[expression] ?? expression).replace(/\s+UTC$/, '').trim();
  const found = /^(?:(\*|\d{4})-(\S+?)-(\S+)\s+)?([^\s:]+):([^\s:]+)(?::([^\s:]+))?$/.exec(text);
  if (found === null) {
    throw new Error(
      `The lab's service manager does not read the calendar expression "${expression}". It reads ${Object.keys(WORDS).join(', ')}, "*:0/5" and "YYYY-MM-DD HH:MM:SS" with *, lists, ranges and steps.`,
    );
  }
  const [, year = '*', month = '*', day = '*', hour = '*', minute = '*', second = '0'] = found;
  const cron = [second, minute, hour, day, month, '*', year].map(field).join(' ');
  return new Cron(cron, { timezone: 'UTC', mode: '7-part', sloppyRanges: true }).nextRun(after) ?? undefined;
}
