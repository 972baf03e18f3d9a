import { autoScalingExtension } from '../../../lab/autoscaling/extension';
import type { LabContext } from '../../../lab/context';
import type { AwsCall, AwsReply } from '../../../lab/endpoint/extension';

const context: LabContext = {
  id: 'test',
  directory: '/nowhere',
  endpoint: '',
  emulator: '',
  account: '123456789012',
  processes: {
    spawn: () => {
      throw new Error('nothing is started here');
    },
    stop: () => Promise.resolve(),
  },
  log: () => undefined,
};

const reply: AwsReply = { status: 200, headers: {}, body: Buffer.from('') };

let forwarded: AwsCall | undefined;
let extension = autoScalingExtension(context);
beforeEach(() => {
  forwarded = undefined;
  extension = autoScalingExtension(context);
});

const ask = async (operation: string, input: Record<string, string>): Promise<AwsReply> => {
  const call: AwsCall = {
    service: 'autoscaling',
    operation,
    region: 'eu-west-1',
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(''),
    input,
  };
  const interceptor = extension.operations[operation];
  if (interceptor === undefined) throw new Error(`${operation} is not intercepted`);
  return interceptor(call, (passed) => {
    forwarded = passed;
    return Promise.resolve(reply);
  });
};

const GROUP = {
  AutoScalingGroupName: 'group',
  MinSize: '0',
  MaxSize: '1',
  VPCZoneIdentifier: 'subnet-1',
  'LaunchTemplate.LaunchTemplateId': 'lt-1',
  'LaunchTemplate.Version': '1',
};

it('keeps the emulator from launching instances that are no boxes', async () => {
  await ask('CreateAutoScalingGroup', { ...GROUP, MinSize: '0', DesiredCapacity: '0' });
  expect(forwarded?.input).toMatchObject({ MinSize: '0', DesiredCapacity: '0', MaxSize: '1' });
});

it.each([
  ['2', 'above max value 1'],
  ['-1', 'below min value 0'],
])('refuses %s instances', async (DesiredCapacity, says) => {
  await ask('CreateAutoScalingGroup', GROUP);
  await expect(ask('SetDesiredCapacity', { AutoScalingGroupName: 'group', DesiredCapacity })).rejects.toThrow(
    says,
  );
});

it('knows no group that nobody made, and ends nothing that no group keeps', async () => {
  await expect(
    ask('SetDesiredCapacity', { AutoScalingGroupName: 'other', DesiredCapacity: '0' }),
  ).rejects.toThrow('not found');
  await expect(ask('TerminateInstanceInAutoScalingGroup', { InstanceId: 'i-1' })).rejects.toThrow(
    'not found',
  );
});
