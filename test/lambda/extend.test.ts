import { create } from '../../lambda/create';
import { boxTags, STACK } from './fake-ec2';
import { account, quiet, rejection } from './opening';

beforeEach(quiet);

test('moves the expiry of a live box to ttlMinutes from now', async () => {
  const { ec2, clock, opening } = account();
  const { instanceId, requestId } = await create({ purpose: 'backup' }, opening);
  clock.advance(50 * 60_000);
  const extended = await create({ instanceId, ttlMinutes: 120 }, opening);
  expect(extended).toMatchObject({
    instanceId,
    requestId,
    purpose: 'backup',
    expiresAt: '2026-11-22T05:50:00Z',
    existing: true,
  });
  expect(ec2.tagOf(instanceId, 'drawbridge:expires-at')).toBe('2026-11-22T05:50:00Z');
  expect(ec2.launches).toHaveLength(1);
});

test('up to the maximum lifetime to the second, and not beyond: the refusal says how long is possible', async () => {
  const { ec2, clock, opening } = account();
  const { instanceId } = await create({}, opening);
  clock.advance(30 * 60_000 + 1_000);
  const error = await rejection(create({ instanceId, ttlMinutes: 690 }, opening));
  expect(error.name).toBe('RefusedInput');
  expect(error.message).toContain('until 2026-11-22T15:00:00Z at most');
  expect(error.message).toContain('ttlMinutes from 1 to 689');
  expect(ec2.tagOf(instanceId, 'drawbridge:expires-at')).toBe('2026-11-22T04:00:00Z');
  clock.advance(-1_000);
  const extended = await create({ instanceId, ttlMinutes: 690 }, opening);
  expect(extended.expiresAt).toBe('2026-11-22T15:00:00Z');
});

test('a box that has reached its maximum cannot be extended at all', async () => {
  const { clock, opening } = account();
  const { instanceId } = await create({ ttlMinutes: 720 }, opening);
  clock.advance(720 * 60_000);
  const error = await rejection(create({ instanceId, ttlMinutes: 1 }, opening));
  expect(error.message).toContain('Open another box.');
});

test('a box that was launched a moment ago is waited for', async () => {
  const { ec2, opening } = account();
  const { instanceId } = await create({}, opening);
  ec2.machine(instanceId).hidden = 2;
  await expect(create({ instanceId, ttlMinutes: 90 }, opening)).resolves.toMatchObject({ instanceId });
});

test.each([
  ['of another stack', boxTags({ stackId: `${STACK}2`, expiresAt: '2026-11-22T04:00:00Z' }), 'running'],
  ['that nobody tagged', {}, 'running'],
  ['the jump host', boxTags({ purpose: 'jump-host' }), 'running'],
  ['that has ended', boxTags({ expiresAt: '2026-11-22T04:00:00Z' }), 'terminated'],
  ['that is ending', boxTags({ expiresAt: '2026-11-22T04:00:00Z' }), 'shutting-down'],
  ['that is stopped', boxTags({ expiresAt: '2026-11-22T04:00:00Z' }), 'stopped'],
] as const)('an instance %s is refused and keeps its tags', async (_, tags, state) => {
  const { ec2, opening } = account();
  const instanceId = ec2.add({ tags, state });
  const error = await rejection(create({ instanceId, ttlMinutes: 90 }, opening));
  expect(error.name).toBe('NotOurBox');
  expect(error.message).toContain(instanceId);
  expect(ec2.tagOf(instanceId, 'drawbridge:expires-at')).toBe(
    (tags as Record<string, string | undefined>)['drawbridge:expires-at'],
  );
});

test('an id that EC2 does not know', async () => {
  const { opening } = account();
  const error = await rejection(create({ instanceId: 'i-0123456789abcdef0', ttlMinutes: 90 }, opening));
  expect(error.name).toBe('NotOurBox');
});
