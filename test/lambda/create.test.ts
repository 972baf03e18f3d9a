import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { create, readCreateEvent } from '../../lambda/create';
import { awsError, boxTags, STACK } from './fake-ec2';
import { account, ENVIRONMENT, quiet, rejection } from './opening';

beforeEach(quiet);

const tagsOf = (input: RunInstancesCommandInput | undefined, type: string) =>
  input?.TagSpecifications?.find(({ ResourceType }) => ResourceType === type)?.Tags;

describe('{}', () => {
  test('opens an access box with the default expiry, owned, in the first place of the list', async () => {
    const { ec2, clock, opening } = account();
    const box = await create({}, opening);
    expect(box).toEqual({
      instanceId: 'i-00000000000000001',
      purpose: 'access',
      state: 'pending',
      expiresAt: '2026-11-22T04:00:00Z',
      requestId: 'invocation-1',
      existing: false,
      connect: {
        shell: 'aws ssm start-session --region eu-central-1 --target i-00000000000000001',
        database:
          'aws ssm start-session --region eu-central-1 --target i-00000000000000001 ' +
          '--document-name AWS-StartPortForwardingSessionToRemoteHost ' +
          '--parameters "host=db.example.internal,portNumber=5432,localPortNumber=5432"',
      },
    });
    expect(box.expiresAt).toBe(clock.minutesFromNow(60));
    expect(ec2.launches).toHaveLength(1);
  });

  test('answers with the documents that operators may use, where there are some', async () => {
    const { opening } = account({ shellDocument: 'shell-1', connectDocument: 'connect-1' });
    const session = 'aws ssm start-session --region eu-central-1 --target i-00000000000000001';
    expect((await create({}, opening)).connect).toEqual({
      shell: `${session} --document-name shell-1`,
      database: `${session} --document-name connect-1 --parameters localPortNumber=5432`,
    });
  });

  test('overrides the subnet, the type and the tags of a numbered template version, and nothing else', async () => {
    const { ec2, opening } = account();
    await create({ reason: 'look at orders', requestedBy: 'eva' }, opening);
    const [launch] = ec2.launches;
    expect(Object.keys(launch ?? {}).sort()).toEqual(
      [
        'ClientToken',
        'InstanceType',
        'LaunchTemplate',
        'MaxCount',
        'MinCount',
        'SubnetId',
        'TagSpecifications',
      ].sort(),
    );
    expect(launch).toMatchObject({
      LaunchTemplate: { LaunchTemplateId: 'lt-access', Version: '3' },
      InstanceType: 't4g.micro',
      SubnetId: 'subnet-a',
      MinCount: 1,
      MaxCount: 1,
    });
    for (const type of ['instance', 'volume', 'network-interface']) {
      expect(tagsOf(launch, type)).toEqual([
        { Key: 'drawbridge:stack', Value: STACK },
        { Key: 'drawbridge:purpose', Value: 'access' },
        { Key: 'drawbridge:expires-at', Value: '2026-11-22T04:00:00Z' },
        { Key: 'drawbridge:request-id', Value: 'invocation-1' },
        { Key: 'drawbridge:reason', Value: 'look at orders' },
        { Key: 'drawbridge:requested-by', Value: 'eva' },
        { Key: 'Name', Value: 'drawbridge-access' },
      ]);
    }
    expect(launch?.ClientToken).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a backup box has its own template and no way to the database in its commands', async () => {
    const { ec2, opening } = account();
    const box = await create({ purpose: 'backup', ttlMinutes: 5 }, opening);
    expect(ec2.launches[0]?.LaunchTemplate).toEqual({ LaunchTemplateId: 'lt-backup', Version: '7' });
    expect(Object.keys(box.connect)).toEqual(['shell']);
    expect(box.expiresAt).toBe('2026-11-22T03:05:00Z');
  });
});

describe('input that is refused', () => {
  test('every problem is in one message, with the accepted fields and their range; nothing is launched', async () => {
    const { ec2, opening } = account();
    const event = {
      purpose: 'root',
      ttlMinutes: 721,
      reason: 'a\nb',
      requestId: 'x y',
      instanceType: 'p5.48xlarge',
    };
    const error = await rejection(create(event, opening));
    expect(error.name).toBe('RefusedInput');
    expect(error.message).toContain('nothing was changed');
    for (const field of ['purpose: ', 'ttlMinutes: ', 'reason: ', 'requestId: ', '"instanceType"']) {
      expect(error.message).toMatch(new RegExp(`^- .*${field}`, 'm'));
    }
    expect(error.message).toContain('ttlMinutes: whole number, 1 to 720 (default 60)');
    expect(error.message).toContain('purpose: access or backup (default access)');
    expect(ec2.launches).toEqual([]);
    expect(ec2.describes).toBe(0);
  });

  test.each([
    ['null', null],
    ['a string', '{}'],
    ['a list', []],
    ['a number', 60],
    ['ttlMinutes 0', { ttlMinutes: 0 }],
    ['ttlMinutes -1', { ttlMinutes: -1 }],
    ['ttlMinutes 1.5', { ttlMinutes: 1.5 }],
    ['ttlMinutes as text', { ttlMinutes: '60' }],
    ['ttlMinutes null', { ttlMinutes: null }],
    ['ttlMinutes beyond every range', { ttlMinutes: 1e300 }],
    ['an empty requestId', { requestId: '' }],
    ['a requestId of 65 letters', { requestId: 'x'.repeat(65) }],
    ['a reason of 201 letters', { reason: 'x'.repeat(201) }],
    ['a prototype', JSON.parse('{"__proto__": {"purpose": "backup"}}') as unknown],
    ['extend without minutes', { instanceId: 'i-00000000000000001' }],
    ['extend with a purpose', { instanceId: 'i-00000000000000001', ttlMinutes: 5, purpose: 'access' }],
    ['extend beyond the range', { instanceId: 'i-00000000000000001', ttlMinutes: 721 }],
    ['extend something else', { instanceId: 'sg-1', ttlMinutes: 5 }],
  ])('%s', async (_, event) => {
    const { ec2, opening } = account();
    const error = await rejection(create(event, opening));
    expect(error.name).toBe('RefusedInput');
    expect(error.message).toMatch(/Accepted: .*720/);
    expect(ec2.launches).toEqual([]);
  });

  test('a purpose that this function has no template for', async () => {
    const { opening } = account({ templates: { access: { launchTemplateId: 'lt-1', version: '1' } } });
    const error = await rejection(create({ purpose: 'backup' }, opening));
    expect(error.message).toContain('purpose: access (default access)');
  });

  test('whatever the values, an accepted event stays within the range and the rest is refused', () => {
    for (let minutes = -3; minutes <= 724; minutes += 1) {
      const read = () => readCreateEvent({ ttlMinutes: minutes }, ENVIRONMENT);
      if (minutes >= 1 && minutes <= 720) expect(read()).toEqual({ ttlMinutes: minutes });
      else expect(read).toThrow('Accepted: ');
    }
  });
});

describe('places and quotas', () => {
  test('every subnet with the first type, then with the next', async () => {
    const { ec2, opening } = account();
    ec2.onLaunch = ({ InstanceType, SubnetId }) => {
      if (InstanceType === 't4g.micro' && SubnetId === 'subnet-a')
        throw awsError('InsufficientInstanceCapacity');
      if (InstanceType === 't4g.micro') throw awsError('Unsupported');
      if (SubnetId === 'subnet-a') throw awsError('InsufficientFreeAddressesInSubnet');
    };
    const box = await create({}, opening);
    expect(
      ec2.launches.map(({ InstanceType, SubnetId }) => `${InstanceType ?? ''} ${SubnetId ?? ''}`),
    ).toEqual(['t4g.micro subnet-a', 't4g.micro subnet-b', 't4g.small subnet-a', 't4g.small subnet-b']);
    expect(new Set(ec2.launches.map(({ ClientToken }) => ClientToken)).size).toBe(4);
    expect(ec2.state(box.instanceId)).toBe('running');
  });

  test('one error names every pair when there is no room at all', async () => {
    const { ec2, opening } = account();
    ec2.onLaunch = () => {
      throw awsError('InsufficientInstanceCapacity');
    };
    const error = await rejection(create({}, opening));
    expect(error.name).toBe('NoCapacity');
    expect(error.message).toContain(
      't4g.micro in subnet-a (InsufficientInstanceCapacity), t4g.micro in subnet-b (InsufficientInstanceCapacity), ' +
        't4g.small in subnet-a (InsufficientInstanceCapacity), t4g.small in subnet-b (InsufficientInstanceCapacity)',
    );
    expect(ec2.machines.size).toBe(0);
  });

  test.each([
    'VcpuLimitExceeded',
    'InstanceLimitExceeded',
    'MaxSpotInstanceCountExceeded',
    'VolumeLimitExceeded',
  ])('%s ends the search at once and names the quota', async (code) => {
    const { ec2, opening } = account();
    ec2.onLaunch = () => {
      throw awsError(code);
    };
    const error = await rejection(create({}, opening));
    expect(error.name).toBe('QuotaReached');
    expect(error.message).toMatch(/used up the .*quota/);
    expect(error.message).toContain(code);
    expect(ec2.launches).toHaveLength(1);
  });

  test('any other error comes out as it is', async () => {
    const { ec2, opening } = account();
    ec2.onLaunch = () => {
      throw awsError('UnauthorizedOperation');
    };
    expect((await rejection(create({}, opening))).name).toBe('UnauthorizedOperation');
    expect(ec2.launches).toHaveLength(1);
  });

  test('a box that EC2 ends at once is an error with its reason', async () => {
    const { ec2, opening } = account();
    ec2.hideLaunched = 1;
    opening.clock.sleep = async () => {
      await Promise.resolve();
      Object.assign(ec2.machine('i-00000000000000001'), {
        State: { Name: 'terminated' },
        StateReason: { Message: 'Client.InternalError: the key may not be used' },
      });
    };
    const error = await rejection(create({}, opening));
    expect(error.name).toBe('LaunchFailed');
    expect(error.message).toContain('the key may not be used');
  });
});

describe('number of boxes', () => {
  test('at the limit a box is refused, saying which live, until when, and how to end one', async () => {
    const { ec2, clock, opening } = account();
    const first = ec2.add({ tags: boxTags({ expiresAt: clock.minutesFromNow(10) }) });
    const second = ec2.add({ state: 'pending', tags: boxTags({ purpose: 'backup', expiresAt: 'soon' }) });
    const error = await rejection(create({}, opening));
    expect(error.name).toBe('TooManyBoxes');
    expect(error.message).toContain('2 of at most 2');
    expect(error.message).toContain(`${first} (access) until 2026-11-22T03:10:00Z`);
    expect(error.message).toContain(`${second} (backup) until soon`);
    expect(error.message).toContain('{"instanceId": "i-…"}');
    expect(ec2.launches).toEqual([]);
  });

  test('what has ended, the jump host and boxes of another stack do not count', async () => {
    const { ec2, opening } = account({ maxBoxes: 1 });
    const expiresAt = '2026-11-22T04:00:00Z';
    ec2.add({ state: 'shutting-down', tags: boxTags({ expiresAt }) });
    ec2.add({ state: 'terminated', tags: boxTags({ expiresAt }) });
    ec2.add({ tags: boxTags({ purpose: 'jump-host' }) });
    ec2.add({ tags: boxTags({ expiresAt, stackId: `${STACK}2` }) });
    expect((await create({}, opening)).existing).toBe(false);
  });

  test('two calls that both saw room: the later box is taken back', async () => {
    const { ec2, clock, opening } = account({ maxBoxes: 1 });
    const results = await Promise.allSettled([
      create({ requestId: 'one' }, opening),
      create({ requestId: 'two' }, opening),
    ]);
    expect(ec2.launches).toHaveLength(2);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(results[1]).toMatchObject({ reason: { name: 'TooManyBoxes' } });
    expect(ec2.terminations).toEqual(['i-00000000000000002']);
    expect(clock.slept).toEqual([]);
  });
});
