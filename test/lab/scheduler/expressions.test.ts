import { parseExpression } from '../../../lab/scheduler/expressions';

const start = new Date('2026-11-22T03:00:00Z');
const next = (text: string, after: string, timeZone = 'UTC'): string | undefined =>
  parseExpression(text, timeZone, start)(new Date(after))?.toISOString();

it.each([
  ['rate(5 minutes)', '2026-11-22T03:00:00Z', '2026-11-22T03:05:00.000Z'],
  ['rate(1 hour)', '2026-11-22T05:30:00Z', '2026-11-22T06:00:00.000Z'],
  ['cron(0 3 * * ? *)', '2026-11-22T03:00:00Z', '2026-11-23T03:00:00.000Z'],
  ['cron(0/15 * * * ? *)', '2026-11-22T03:01:00Z', '2026-11-22T03:15:00.000Z'],
  // 1 is Sunday; 22 November 2026 is one.
  ['cron(0 12 ? * 1 *)', '2026-11-22T03:00:00Z', '2026-11-22T12:00:00.000Z'],
  ['cron(0 12 ? * MON-FRI *)', '2026-11-22T03:00:00Z', '2026-11-23T12:00:00.000Z'],
  ['cron(0 12 ? * 2#1 2027)', '2026-11-22T03:00:00Z', '2027-01-04T12:00:00.000Z'],
  ['cron(0 0 L * ? *)', '2026-11-22T03:00:00Z', '2026-11-30T00:00:00.000Z'],
  ['at(2026-11-22T04:00:00)', '2026-11-22T03:00:00Z', '2026-11-22T04:00:00.000Z'],
  ['at(2026-11-22T04:00:00)', '2026-11-22T04:00:00Z', undefined],
])('%s after %s is %s', (text, after, due) => {
  expect(next(text, after)).toBe(due);
});

it('keeps time zones, through the change of the clocks', () => {
  expect(next('cron(0 3 * * ? *)', '2026-11-22T03:00:00Z', 'Europe/Berlin')).toBe('2026-11-23T02:00:00.000Z');
  expect(next('cron(0 3 * * ? *)', '2026-07-22T03:00:00Z', 'Europe/Berlin')).toBe('2026-07-23T01:00:00.000Z');
  expect(next('at(2026-07-01T12:00:00)', '2026-01-01T00:00:00Z', 'Europe/Berlin')).toBe(
    '2026-07-01T10:00:00.000Z',
  );
});

it.each([
  'every day',
  'rate(0 minutes)',
  'rate(5 weeks)',
  'cron(0 3 * * * *)',
  'cron(0 3 ? * ? *)',
  'cron(61 3 * * ? *)',
  'at(tomorrow)',
])('refuses %s', (text) => {
  expect(() => parseExpression(text, 'UTC', start)).toThrow(text);
});
