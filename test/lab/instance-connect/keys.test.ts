import { InstanceKeys } from '../../../lab/instance-connect/keys';
import { LabClock } from '../../../lab/clock';

class StoppedClock extends LabClock {
  at = new Date('2026-11-22T03:00:00Z');

  override now(): Date {
    return this.at;
  }
}

test('a key is one user’s of one instance, until its minute has passed', () => {
  const clock = new StoppedClock();
  const keys = new InstanceKeys(clock);
  keys.send('i-1', 'intake', 'ssh-ed25519 one');
  clock.at = new Date('2026-11-22T03:00:30Z');
  keys.send('i-1', 'intake', 'ssh-ed25519 two');
  expect(keys.active('i-1', 'intake')).toHaveLength(2);
  expect(keys.active('i-1', 'ec2-user')).toEqual([]);
  expect(keys.active('i-2', 'intake')).toEqual([]);
  clock.at = new Date('2026-11-22T03:00:59.999Z');
  expect(keys.active('i-1', 'intake')).toHaveLength(2);
  clock.at = new Date('2026-11-22T03:01:00Z');
  expect(keys.asMetadata('i-1', 'intake')).toBe(
    `#Timestamp=${Date.parse('2026-11-22T03:01:30Z') / 1000}\n#Instance=i-1\nssh-ed25519 two\n`,
  );
  clock.at = new Date('2026-11-22T03:01:30Z');
  expect(keys.asMetadata('i-1', 'intake')).toBeUndefined();
});

test('the lab’s clock goes forward, never back', () => {
  const clock = new LabClock();
  const later = Date.now() + 60_000;
  clock.reach(later);
  expect(clock.now().getTime()).toBeGreaterThanOrEqual(later);
  clock.reach(Date.now() - 60_000);
  expect(clock.now().getTime()).toBeGreaterThanOrEqual(later);
});
