import { destroy } from '../../lambda/destroy';
import type { Ending } from '../../lambda/terminate';
import { FakeClock } from './fake-clock';
import { awsError, boxTags, FakeEc2, STACK } from './fake-ec2';
import { quiet, rejection } from './opening';

beforeEach(quiet);

const expiresAt = '2026-11-22T04:00:00Z';

function region(remainingMs = 60_000): { ec2: FakeEc2; clock: FakeClock; ending: Ending } {
  const clock = new FakeClock();
  const ec2 = new FakeEc2(clock);
  const deadline = new Date(clock.now().getTime() + remainingMs);
  return { ec2, clock, ending: { ec2: ec2.client, clock, deadline } };
}

test('ends one box and returns when it is terminated', async () => {
  const { ec2, ending } = region();
  ec2.endingLooks = 3;
  const id = ec2.add({ tags: boxTags({ expiresAt }) });
  const other = ec2.add({ tags: boxTags({ expiresAt }) });
  expect(await destroy({ instanceId: id }, STACK, ending)).toEqual({ terminated: [id] });
  expect(ec2.state(id)).toBe('terminated');
  expect(ec2.state(other)).toBe('running');
  expect(ec2.terminations).toEqual([id]);
});

test('ending it again, or one that ended by itself, is a success that changes nothing', async () => {
  const { ec2, clock, ending } = region();
  const id = ec2.add({ state: 'terminated', tags: boxTags({ expiresAt }) });
  // EC2 takes the tags of a terminated instance away after a while.
  const bare = ec2.add({ state: 'terminated' });
  expect(await destroy({ instanceId: id }, STACK, ending)).toEqual({ terminated: [id] });
  expect(await destroy({ instanceId: bare }, STACK, ending)).toEqual({ terminated: [bare] });
  expect(ec2.terminations).toEqual([]);
  expect(clock.slept).toEqual([]);
});

test('all: every box, also badly tagged and stopped ones; not the jump host, not others', async () => {
  const { ec2, ending } = region();
  const boxes = [
    ec2.add({ tags: boxTags({ expiresAt }) }),
    ec2.add({ tags: boxTags({ purpose: undefined }) }),
    ec2.add({ state: 'stopped', tags: boxTags({ purpose: 'strange', expiresAt }) }),
    ec2.add({ state: 'shutting-down', tags: boxTags({ purpose: 'backup', expiresAt }) }),
  ];
  const kept = [
    ec2.add({ tags: boxTags({ purpose: 'jump-host' }) }),
    ec2.add({ tags: boxTags({ stackId: `${STACK}2`, expiresAt }) }),
    ec2.add(),
  ];
  ec2.add({ state: 'terminated', tags: boxTags({ expiresAt }) });
  expect(await destroy({ all: true }, STACK, ending)).toEqual({ terminated: boxes });
  expect(boxes.map((id) => ec2.state(id))).toEqual(boxes.map(() => 'terminated'));
  expect(kept.map((id) => ec2.state(id))).toEqual(kept.map(() => 'running'));
});

test('all with no box is a success', async () => {
  const { ending } = region();
  expect(await destroy({ all: true }, STACK, ending)).toEqual({ terminated: [] });
});

test.each([
  ['an instance of another stack', boxTags({ stackId: `${STACK}2`, expiresAt }), 'not a box of this stack'],
  ['an instance of nobody', {}, 'not a box of this stack'],
  ['the jump host', boxTags({ purpose: 'jump-host' }), 'a jump host'],
])('%s is refused; nothing is terminated', async (_, tags, why) => {
  const { ec2, ending } = region();
  const id = ec2.add({ tags });
  const error = await rejection(destroy({ instanceId: id }, STACK, ending));
  expect(error.name).toBe('NotOurBox');
  expect(error.message).toContain(why);
  expect(error.message).toContain('nothing was changed');
  expect(ec2.terminations).toEqual([]);
});

test('an unknown id is an error, after EC2 had time to learn of it', async () => {
  const { ec2, clock, ending } = region();
  const error = await rejection(destroy({ instanceId: 'i-0123456789abcdef0' }, STACK, ending));
  expect(error.name).toBe('NotOurBox');
  expect(error.message).toContain('not known to EC2 as a box of this stack');
  expect(clock.slept.length).toBeGreaterThan(1);
  expect(ec2.terminations).toEqual([]);
});

test('right after the launch: invisible at first, then unknown to TerminateInstances; it is ended all the same', async () => {
  const { ec2, ending } = region();
  const id = ec2.add({ state: 'pending', tags: boxTags({ expiresAt }) });
  ec2.machine(id).hidden = 2;
  let refusals = 2;
  ec2.onTerminate = () => {
    refusals -= 1;
    if (refusals >= 0) throw awsError('InvalidInstanceID.NotFound');
  };
  expect(await destroy({ instanceId: id }, STACK, ending)).toEqual({ terminated: [id] });
  expect(ec2.state(id)).toBe('terminated');
  expect(ec2.terminations).toHaveLength(3);
});

test('an instance that EC2 stops showing is not taken for terminated', async () => {
  const { ec2, ending } = region();
  const id = ec2.add({ tags: boxTags({ expiresAt }) });
  ec2.onTerminate = () => {
    if (ec2.terminations.length > 1) throw awsError('InvalidInstanceID.NotFound');
    ec2.machine(id).hidden = Number.MAX_SAFE_INTEGER;
  };
  const error = await rejection(destroy({ instanceId: id }, STACK, ending));
  expect(error.name).toBe('NotTerminated');
  expect(error.message).toContain(`${id} (unknown)`);
});

test('before the deadline the error names what is still shutting down', async () => {
  const { ec2, clock, ending } = region(45_000);
  ec2.endingLooks = 1_000;
  const id = ec2.add({ tags: boxTags({ expiresAt }) });
  const error = await rejection(destroy({ instanceId: id }, STACK, ending));
  expect(error.name).toBe('NotTerminated');
  expect(error.message).toContain(`${id} (shutting-down)`);
  expect(clock.now().getTime()).toBeLessThanOrEqual(ending.deadline.getTime());
  expect(ec2.terminations).toEqual([id]);
});

test('one box that EC2 refuses to end does not save the others', async () => {
  const { ec2, ending } = region();
  const [bad, good] = [ec2.add({ tags: boxTags({ expiresAt }) }), ec2.add({ tags: boxTags({ expiresAt }) })];
  ec2.onTerminate = (id) => {
    if (id === bad) throw awsError('OperationNotPermitted', 'it has termination protection');
  };
  const error = await rejection(destroy({ all: true }, STACK, ending));
  expect(error.name).toBe('NotTerminated');
  expect(error.message).toBe(
    `Not terminated: ${bad} (OperationNotPermitted: it has termination protection).`,
  );
  expect(ec2.state(good)).toBe('terminated');
});

test.each([
  ['nothing', {}],
  ['null', null],
  ['a list', ['i-00000000000000001']],
  ['both forms', { instanceId: 'i-00000000000000001', all: true }],
  ['all that is not true', { all: false }],
  ['all and more', { all: true, force: true }],
  ['not an id', { instanceId: 'database-1' }],
  ['a list of ids', { instanceId: ['i-00000000000000001'] }],
])('%s is refused, with both accepted forms; nothing is terminated', async (_, event) => {
  const { ec2, ending } = region();
  ec2.add({ id: 'i-00000000000000001', tags: boxTags({ expiresAt }) });
  const error = await rejection(destroy(event, STACK, ending));
  expect(error.name).toBe('RefusedInput');
  expect(error.message).toContain('{ "instanceId": "i-…" }');
  expect(error.message).toContain('{ "all": true }');
  expect(error.message).toMatch(/^- ./m);
  expect(ec2.terminations).toEqual([]);
});
