import '../../support/fake-sleep';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { untilOnline } from '../../../cli/boxes/online';
import { EXIT } from '../../../contract/exit-codes';
import { fakeContext } from '../support';

const BOX = 'i-0123456789abcdef0';
const ec2 = mockClient(EC2Client);
const ssm = mockClient(SSMClient);
let began: number;

beforeEach(() => {
  jest.useFakeTimers({ now: new Date('2026-11-22T10:00:00Z') });
  began = Date.now();
  ec2.reset();
  ssm.reset();
  runs('running');
});
afterEach(() => {
  jest.useRealTimers();
});

const seconds = (): number => (Date.now() - began) / 1_000;
const runs = (Name: 'running' | 'terminated'): void => {
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances: [{ State: { Name } }] }] });
};
const onlineAfter = (late: number): void => {
  ssm.on(DescribeInstanceInformationCommand).callsFake(() => ({
    InstanceInformationList: seconds() < late ? [] : [{ PingStatus: 'Online', AgentVersion: '3.3' }],
  }));
};

/** Waits with a clock that only this test moves. */
async function wait(context = fakeContext()): Promise<{ error: unknown; told: ReadonlySet<string> }> {
  const told = new Set<string>();
  const ending = untilOnline(context, BOX, (text) => told.add(text)).then(
    () => undefined,
    (error: unknown) => error,
  );
  await jest.advanceTimersByTimeAsync(10 * 60_000);
  return { error: await ending, told };
}

test('an agent that is a minute late is waited for, visibly', async () => {
  onlineAfter(60);
  const { error, told } = await wait();
  expect(error).toBeUndefined();
  expect([...told]).toEqual(['it runs, its agent is not online yet']);
  expect(ssm.commandCalls(DescribeInstanceInformationCommand)).toHaveLength(61);
});

test('an agent that never comes is given up after five minutes', async () => {
  onlineAfter(Infinity);
  expect((await wait()).error).toMatchObject({
    exitCode: EXIT.unavailable,
    message: `The agent of ${BOX} has not come online for five minutes.`,
  });
});

test('a box that ends meanwhile is not waited for', async () => {
  onlineAfter(Infinity);
  runs('terminated');
  expect((await wait()).error).toMatchObject({
    message: expect.stringContaining(`${BOX} is terminated`) as string,
  });
  expect(ssm.commandCalls(DescribeInstanceInformationCommand)).toHaveLength(1);
});

test('an instance that EC2 does not know yet is waited for', async () => {
  onlineAfter(3);
  ec2
    .on(DescribeInstancesCommand)
    .rejects(Object.assign(new Error(), { name: 'InvalidInstanceID.NotFound' }));
  expect((await wait()).error).toBeUndefined();
});

test('Ctrl-C ends the waiting', async () => {
  onlineAfter(Infinity);
  const interrupt = new AbortController();
  setTimeout(() => {
    interrupt.abort();
  }, 2_500);
  const { error } = await wait(fakeContext({ interrupted: interrupt.signal }));
  expect(error).toMatchObject({ name: 'AbortError' });
});
