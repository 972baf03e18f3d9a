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

const ask = async (operation: string, input: Record<string, string>): Promise<AwsReply> => {
  const call: AwsCall = {
    service: 'autoscaling',
    operation,
    region: 'eu-west-1',
    method: 'POST',
    path: '/',
    headers: {},
    body: Buffer.from(''),
    input,
  };
  const interceptor = autoScalingExtension(context).operations[operation];
  if (interceptor === undefined) throw new Error(`${operation} is not intercepted`);
  return interceptor(call, () => Promise.resolve(reply));
};

it('lets empty groups be', async () => {
  expect(await ask('CreateAutoScalingGroup', { MinSize: '0', MaxSize: '1' })).toBe(reply);
  expect(await ask('SetDesiredCapacity', { DesiredCapacity: '0' })).toBe(reply);
});

it.each([
  ['CreateAutoScalingGroup', { MinSize: '1', MaxSize: '1' }],
  ['UpdateAutoScalingGroup', { DesiredCapacity: '1' }],
  ['SetDesiredCapacity', { DesiredCapacity: '1' }],
])('refuses %s with instances', async (operation, input) => {
  await expect(ask(operation, input)).rejects.toThrow('launches no instances');
});
