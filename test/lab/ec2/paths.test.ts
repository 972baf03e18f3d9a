import { below, moveBelow } from '../../../lab/ec2/paths';

const ROOT = '/lab/box';

it.each([
  ['#!/bin/bash', '#!/lab/box/bin/bash'],
  ['cat /etc/os-release > /tmp/x', 'cat /lab/box/etc/os-release > /lab/box/tmp/x'],
  ['cd /var; ls "/opt" \'/run/a\'', 'cd /lab/box/var; ls "/lab/box/opt" \'/lab/box/run/a\''],
  ['PATH=/usr/bin:/usr/local/bin', 'PATH=/lab/box/usr/bin:/lab/box/usr/local/bin'],
  ['x=$(/usr/sbin/poweroff)', 'x=$(/lab/box/usr/sbin/poweroff)'],
  ['--file=/root/a', '--file=/lab/box/root/a'],
  ['file:///etc/a.json', 'file:///lab/box/etc/a.json'],
])('moves %s', (text, moved) => {
  expect(moveBelow(ROOT, text)).toBe(moved);
});

it.each([
  'https://host/etc/passwd',
  's3://bucket/var/x',
  '$prefix/etc/x ${prefix}/opt/y',
  './etc/x ../var/y lib/opt',
  '/dev/null /proc/uptime /usr/lib/x',
  '/etcetera /variable /optional',
])('leaves %s', (text) => {
  expect(moveBelow(ROOT, text)).toBe(text);
});

it('moves nothing twice, even where the box itself stands below /tmp', () => {
  const root = '/tmp/lab/boxes/i-1';
  const once = moveBelow(root, 'cp /etc/a /tmp/b file:///opt/c');
  expect(once).toBe(`cp ${root}/etc/a ${root}/tmp/b file://${root}/opt/c`);
  expect(moveBelow(root, once)).toBe(once);
});

it('finds single paths', () => {
  expect(below(ROOT, '/var/lib/x')).toBe('/lab/box/var/lib/x');
  expect(below(ROOT, '/lab/box/var')).toBe('/lab/box/var');
  expect(below(ROOT, '/data/x')).toBe('/data/x');
});
