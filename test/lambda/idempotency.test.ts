import { create } from '../../lambda/create';
import { awsError, boxTags, STACK } from './fake-ec2';
import { account, quiet, rejection } from './opening';

beforeEach(quiet);

const request = { requestId: 'nightly-1' };

test('the same request returns its live box, also when nobody else would get one', async () => {
  const { ec2, clock, opening } = account({ maxBoxes: 1 });
  const first = await create(request, opening);
  clock.advance(600_000);
  const again = await create({ ...request, ttlMinutes: 30 }, opening);
  expect(again).toEqual({ ...first, state: 'running', existing: true });
  expect(ec2.launches).toHaveLength(1);
});

test('without a request id, an invocation that Lambda repeats opens one box; another invocation opens another', async () => {
  const { ec2, opening } = account();
  const first = await create({}, opening);
  expect((await create({}, opening)).instanceId).toBe(first.instanceId);
  const other = await create({}, { ...opening, invocationId: 'invocation-2' });
  expect(other.instanceId).not.toBe(first.instanceId);
  expect(ec2.launches).toHaveLength(2);
});

test('a request of another purpose than its live box is refused', async () => {
  const { ec2, opening } = account();
  const { instanceId } = await create(request, opening);
  const error = await rejection(create({ ...request, purpose: 'backup' }, opening));
  expect(error.name).toBe('RefusedInput');
  expect(error.message).toContain(`${instanceId} with the purpose access, not backup`);
  expect(ec2.launches).toHaveLength(1);
});

test('a box of another stack with the same request id is another box, under another token', async () => {
  const { ec2, opening } = account();
  await create(request, opening);
  const elsewhere = { ...opening, environment: { ...opening.environment, stackId: `${STACK}2` } };
  expect((await create(request, elsewhere)).existing).toBe(false);
  expect(ec2.launches).toHaveLength(2);
  expect(new Set(ec2.launches.map(({ ClientToken }) => ClientToken)).size).toBe(2);
});

test('a retry after a timeout finds the box although EC2 does not list it yet and the expiry is another', async () => {
  const { ec2, clock, opening } = account();
  ec2.hideLaunched = 1;
  // The first call is cut off right after EC2 accepted the launch.
  const dying = {
    ...opening,
    clock: { now: () => clock.now(), sleep: () => Promise.reject(new Error('timeout')) },
  };
  expect((await rejection(create(request, dying))).message).toBe('timeout');
  expect(ec2.machines.size).toBe(1);
  ec2.machine('i-00000000000000001').hidden = 3;
  clock.advance(61_000);
  const retried = await create(request, opening);
  expect(retried).toMatchObject({
    instanceId: 'i-00000000000000001',
    existing: true,
    expiresAt: '2026-11-22T04:00:00Z',
  });
  expect(ec2.machines.size).toBe(1);
  expect(ec2.launches).toHaveLength(2);
});

test('the same holds when the first call had landed in the second place', async () => {
  const { ec2, clock, opening } = account();
  ec2.onLaunch = ({ SubnetId }) => {
    if (SubnetId === 'subnet-a') throw awsError('InsufficientInstanceCapacity');
  };
  const first = await create(request, opening);
  ec2.machine(first.instanceId).hidden = 2;
  clock.advance(5_000);
  expect((await create(request, opening)).instanceId).toBe(first.instanceId);
  expect(ec2.machines.size).toBe(1);
});

test('when the first place has room again by then, the second box is taken back', async () => {
  const { ec2, clock, opening } = account();
  ec2.onLaunch = ({ SubnetId }) => {
    if (SubnetId === 'subnet-a') throw awsError('InsufficientInstanceCapacity');
  };
  const first = await create(request, opening);
  ec2.onLaunch = () => undefined;
  ec2.machine(first.instanceId).hidden = 1;
  clock.advance(5_000);
  const again = await create(request, opening);
  expect(again).toMatchObject({ instanceId: first.instanceId, existing: true });
  expect(ec2.terminations).toEqual(['i-00000000000000002']);
});

test.each(['shutting-down', 'terminated'] as const)(
  'a request whose box is %s opens a new one, under a fresh token',
  async (state) => {
    const { ec2, clock, opening } = account();
    const first = await create(request, opening);
    ec2.machine(first.instanceId).State = { Name: state };
    ec2.machine(first.instanceId).endingLooks = 9;
    clock.advance(1_000);
    const second = await create(request, opening);
    expect(second.existing).toBe(false);
    expect(second.instanceId).not.toBe(first.instanceId);
    expect(ec2.launches).toHaveLength(2);
    expect(clock.slept).toEqual([]);
    expect(new Set(ec2.launches.map(({ ClientToken }) => ClientToken)).size).toBe(2);
    // And the new one is found from now on.
    expect((await create(request, opening)).instanceId).toBe(second.instanceId);
  },
);

test('a box that EC2 has forgotten while it remembers the token does not stop the request', async () => {
  const { ec2, clock, opening } = account();
  const first = await create(request, opening);
  ec2.forget(first.instanceId);
  clock.advance(7_200_000);
  const second = await create(request, { ...opening, invocationId: 'invocation-2' });
  expect(second).toMatchObject({ existing: false, expiresAt: '2026-11-22T06:00:15Z' });
  expect(ec2.machines.size).toBe(1);
});

test('when EC2 keeps saying that it launched, and shows nothing, the error says to repeat', async () => {
  const { ec2, opening } = account();
  ec2.onLaunch = () => {
    throw awsError('IdempotentParameterMismatch');
  };
  const error = await rejection(create(request, opening));
  expect(error.name).toBe('LaunchFailed');
  expect(error.message).toContain('nightly-1');
  expect(ec2.launches).toHaveLength(2);
});

test('two calls at once with one request id: one box, both are told of it', async () => {
  const { ec2, opening } = account();
  const [a, b] = await Promise.all([create(request, opening), create(request, opening)]);
  expect(a.instanceId).toBe(b.instanceId);
  expect(ec2.machines.size).toBe(1);
});

test('two calls at once that EC2 cannot tell apart by the token: the later box is taken back', async () => {
  const { ec2, opening } = account();
  let launches = 0;
  // The first call meets a full subnet, the second one does not.
  ec2.onLaunch = () => {
    launches += 1;
    if (launches === 1) throw awsError('InsufficientInstanceCapacity');
  };
  const [a, b] = await Promise.all([create(request, opening), create(request, opening)]);
  expect(a.instanceId).toBe(b.instanceId);
  expect([a.existing, b.existing].sort()).toEqual([false, true]);
  expect(ec2.machines.size).toBe(2);
  expect(ec2.terminations).toHaveLength(1);
  expect(ec2.terminations).not.toContain(a.instanceId);
});

test('a second box that cannot be taken back is named', async () => {
  const { ec2, opening } = account();
  let launches = 0;
  ec2.onLaunch = () => {
    launches += 1;
    if (launches === 1) throw awsError('InsufficientInstanceCapacity');
  };
  ec2.onTerminate = () => {
    throw awsError('UnauthorizedOperation');
  };
  const results = await Promise.allSettled([create(request, opening), create(request, opening)]);
  const [refused] = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as Error] : [],
  );
  expect(refused?.name).toBe('LaunchFailed');
  expect(refused?.message).toContain('UnauthorizedOperation');
  expect(refused?.message).toContain(`event {"instanceId": "${ec2.terminations[0] ?? ''}"}`);
});

test('a live box whose expiry cannot be read is not handed out', async () => {
  const { ec2, opening } = account();
  ec2.add({ tags: boxTags({ requestId: 'nightly-1', expiresAt: 'tomorrow' }) });
  const error = await rejection(create(request, opening));
  expect(error.message).toContain('expiry tag cannot be read');
  expect(ec2.launches).toEqual([]);
});
