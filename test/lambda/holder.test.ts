/** A box as a lock: one holder at a time, and nothing left of a holder that was stopped. */
import { create } from '../../lambda/create';
import { destroy } from '../../lambda/destroy';
import { STACK } from './fake-ec2';
import { account, quiet, rejection } from './opening';

beforeEach(quiet);

const asked = (holder?: string) => ({
  purpose: 'backup',
  requestId: 'backup-app',
  ...(holder === undefined ? {} : { holder }),
});

test('the holder gets its box again, another holder and nobody in particular are refused', async () => {
  const { ec2, opening } = account();
  const first = await create(asked('monday'), opening);
  expect((await create(asked('monday'), opening)).instanceId).toBe(first.instanceId);
  for (const other of ['tuesday', undefined]) {
    const error = await rejection(create(asked(other), opening));
    expect(error.name).toBe('HeldByAnother');
    expect(error.message).toContain(`${first.instanceId} for monday`);
    expect(error.message).toContain('nothing was changed');
  }
  expect(ec2.launches).toHaveLength(1);
  expect(ec2.terminations).toEqual([]);
});

test('the lock ends with the box', async () => {
  const { ec2, clock, opening } = account();
  const { instanceId } = await create(asked('monday'), opening);
  const deadline = new Date(clock.now().getTime() + 300_000);
  await destroy({ instanceId }, STACK, { ec2: ec2.client, clock, deadline });
  const next = await create(asked('tuesday'), opening);
  expect(next.instanceId).not.toBe(instanceId);
});

test('of two holders at the same moment one gets the box, and the other opens none', async () => {
  const { ec2, opening } = account();
  const [one, other] = await Promise.allSettled([
    create(asked('monday'), opening),
    create(asked('tuesday'), { ...opening, invocationId: 'invocation-2' }),
  ]);
  const settled = [one, other].map(({ status }) => status).sort();
  expect(settled).toEqual(['fulfilled', 'rejected']);
  const refused = [one, other].find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  expect((refused.reason as Error).name).toBe('HeldByAnother');
  const live = [...ec2.machines.keys()].filter((id) => ['pending', 'running'].includes(ec2.state(id)));
  expect(live).toHaveLength(1);
});

test('destroy by holder ends its box and no other', async () => {
  const { ec2, clock, opening } = account();
  const { instanceId } = await create(asked('monday'), opening);
  const other = await create({ requestId: 'mine' }, opening);
  const deadline = new Date(clock.now().getTime() + 300_000);
  const ending = { ec2: ec2.client, clock, deadline };
  expect(await destroy({ holder: 'monday' }, STACK, ending)).toEqual({ terminated: [instanceId] });
  expect(ec2.state(other.instanceId)).toBe('running');
});

test('destroy by holder waits for a launch that was under way', async () => {
  const { ec2, clock, opening } = account();
  const deadline = new Date(clock.now().getTime() + 300_000);
  const ending = destroy({ holder: 'monday' }, STACK, { ec2: ec2.client, clock, deadline });
  const { instanceId } = await create(asked('monday'), opening);
  expect(await ending).toEqual({ terminated: [instanceId] });
  expect(ec2.state(instanceId)).toBe('terminated');
});

test('destroy by a holder that has nothing is a success; a strange holder is refused', async () => {
  const { ec2, clock } = account();
  const deadline = new Date(clock.now().getTime() + 300_000);
  const ending = { ec2: ec2.client, clock, deadline };
  expect(await destroy({ holder: 'nobody' }, STACK, ending)).toEqual({ terminated: [] });
  const error = await rejection(destroy({ holder: 'a b', all: true }, STACK, ending));
  expect(error.name).toBe('RefusedInput');
});
