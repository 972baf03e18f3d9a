import { readShutdown } from '../../../lab/ec2/power';
import { nextCalendarInstant, parseTimeSpan } from '../../../lab/ec2/time-spans';
import { parseUnitFile, readService, readTimer, splitWords } from '../../../lab/ec2/units';

describe('unit files', () => {
  it('reads sections, comments, continued lines and values that start anew', () => {
    expect(
      parseUnitFile(
        '# c\n[Unit]\nAfter=a\n[Service]\nExecStart=\nExecStart=/bin/x \\\n  y\n;c\nExecStart=z\n',
      ),
    ).toEqual({
      Unit: { After: ['a'] },
      Service: { ExecStart: ['/bin/x    y', 'z'] },
    });
    expect(() => parseUnitFile('[Service]\nnonsense')).toThrow('"nonsense" is neither');
  });

  it('reads a service', () => {
    const file = parseUnitFile(
      '[Service]\nType=oneshot\nExecStartPre=-/bin/false\nExecStart=/bin/sh -c \'echo "a b" 100%%\'\nEnvironment="A=1 2" B=3\nEnvironmentFile=-/none\nRestart=always\nRestartSec=5\n',
    );
    expect(readService('a.service', file)).toMatchObject({
      type: 'oneshot',
      before: [{ mayFail: true, words: ['/bin/false'] }],
      start: [{ mayFail: false, words: ['/bin/sh', '-c', 'echo "a b" 100%'] }],
      environment: { A: '1 2', B: '3' },
      environmentFiles: [{ path: '/none', mayBeMissing: true }],
      restart: 'always',
      restartDelayMs: 5000,
    });
    expect(() => readService('a.service', {})).toThrow('no ExecStart= setting');
  });

  it('reads a timer', () => {
    expect(
      readTimer('a.timer', parseUnitFile('[Timer]\nOnBootSec=60s\nOnUnitActiveSec=1min\n')),
    ).toMatchObject({
      unit: 'a.service',
      onBootMs: 60_000,
      onUnitActiveMs: 60_000,
    });
    expect(() => readTimer('a.timer', parseUnitFile('[Timer]\nUnit=b.service\n'))).toThrow(
      'no trigger setting',
    );
  });

  it('splits words as systemd does', () => {
    expect(splitWords(`/bin/sh -c 'a "b"' "c \\"d\\"" e\\ f`)).toEqual([
      '/bin/sh',
      '-c',
      'a "b"',
      'c "d"',
      'e f',
    ]);
  });
});

describe('time', () => {
  it.each([
    ['90', 90_000],
    ['5min', 300_000],
    ['1h 30min', 5_400_000],
    ['1.5s', 1_500],
    ['2d', 172_800_000],
  ])('reads the span %s', (text, ms) => {
    expect(parseTimeSpan(text)).toBe(ms);
  });

  it.each(['', 'soon', '5 lightyears', '5min or so'])('refuses the span %j', (text) => {
    expect(() => parseTimeSpan(text)).toThrow('is no time span');
  });

  it.each([
    ['minutely', '2026-11-22T03:00:00Z'],
    ['*:0/10', '2026-11-22T03:00:00Z'],
    ['*-*-* 04:05:06', '2026-11-22T04:05:06Z'],
    ['2027-01-02 03:04:05 UTC', '2027-01-02T03:04:05Z'],
    ['*-*-01 00:00:00', '2026-12-01T00:00:00Z'],
  ])('finds the next instant of %s', (expression, instant) => {
    const after = new Date('2026-11-22T02:59:30Z');
    expect(nextCalendarInstant(expression, after)).toEqual(new Date(instant));
  });

  it('knows when nothing comes any more, and refuses what it cannot read', () => {
    const after = new Date('2026-11-22T03:00:00Z');
    expect(nextCalendarInstant('2020-01-01 00:00:00', after)).toBeUndefined();
    expect(() => nextCalendarInstant('Mon..Fri 10:00', after)).toThrow(
      'does not read the calendar expression',
    );
  });
});

describe('shutdown', () => {
  const now = new Date('2026-11-22T03:00:00Z');
  it.each([
    [['-h', 'now'], { action: 'off', delayMs: 0 }],
    [['-h', '+60'], { action: 'off', delayMs: 3_600_000 }],
    [[], { action: 'off', delayMs: 60_000 }],
    [['-r', 'now'], { action: 'reboot', delayMs: 0 }],
    [['02:00'], { action: 'off', delayMs: 23 * 3_600_000 }],
    [['-c'], { action: 'cancel' }],
    [['tomorrow'], undefined],
  ])('reads %j', (args, order) => {
    expect(readShutdown(args, now)).toEqual(order);
  });
});
