import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { EXIT } from '../../../contract/exit-codes';
import { drawbridge, stackAnswer } from '../support';

const cloudFormation = mockClient(CloudFormationClient);
const ec2 = mockClient(EC2Client);
const lambda = mockClient(LambdaClient);
const ssm = mockClient(SSMClient);
const sts = mockClient(STSClient);

const BOX = 'i-0123456789abcdef0';
const STACK = 'arn:aws:cloudformation:eu-west-1:1:stack/drawbridge/x';
const OPENED = {
  instanceId: BOX,
  purpose: 'access',
  state: 'running',
  expiresAt: '2026-11-22T03:00:00Z',
  requestId: 'r',
  existing: false,
  connect: {},
};

/** Lets a function answer. */
function answer(payload: object, failed = false): void {
  lambda.on(InvokeCommand).resolves({
    Payload: Buffer.from(JSON.stringify(payload)) as never,
    ...(failed ? { FunctionError: 'Unhandled' } : {}),
  });
}

const events = (): unknown[] =>
  lambda.commandCalls(InvokeCommand).map((call) => {
    const { FunctionName, Payload } = call.args[0].input;
    return { FunctionName, event: JSON.parse(typeof Payload === 'string' ? Payload : '') as unknown };
  });

beforeEach(() => {
  for (const mock of [cloudFormation, ec2, lambda, ssm, sts]) mock.reset();
  cloudFormation.on(DescribeStacksCommand).resolves(
    stackAnswer(
      {
        CreateFunctionName: 'create',
        DestroyFunctionName: 'destroy',
        DatabaseEndpoint: 'db.example',
        DatabasePort: '5432',
        DatabaseName: 'app',
        JumpHostGroupName: 'group',
      },
      { StackId: STACK },
    ),
  );
  sts.on(GetCallerIdentityCommand).resolves({ Account: '1', Arn: 'arn:aws:sts::1:assumed-role/dev/eva,x' });
  ec2.on(DescribeInstancesCommand).resolves({
    Reservations: [{ Instances: [{ InstanceId: BOX, State: { Name: 'running' } }] }],
  });
  ssm
    .on(DescribeInstanceInformationCommand)
    .resolves({ InstanceInformationList: [{ InstanceId: BOX, PingStatus: 'Online' }] });
});

describe('open', () => {
  test('asks the create function, says who asks, waits for the agent', async () => {
    answer(OPENED);
    const ran = await drawbridge(['open', '--minutes', '30', '--reason', 'order 4711', '--json']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.json()).toEqual(OPENED);
    expect(events()).toEqual([
      {
        FunctionName: 'create',
        event: {
          purpose: 'access',
          ttlMinutes: 30,
          reason: 'order 4711',
          requestedBy: 'arn:aws:sts::1:assumed-role/dev/eva-x',
        },
      },
    ]);
    expect(ssm.commandCalls(DescribeInstanceInformationCommand)).toHaveLength(1);
  });

  test('--no-wait does not wait', async () => {
    answer(OPENED);
    expect((await drawbridge(['open', '--no-wait'])).stdout).toContain(BOX);
    expect(ssm.calls()).toHaveLength(0);
  });

  test.each([
    [['--minutes', '0']],
    [['--minutes', 'long']],
    [['--purpose', 'party']],
    [['--reason', 'a\nb']],
    [['--request-id', 'a b']],
  ])('%j is refused before anything is launched', async (words) => {
    const ran = await drawbridge(['open', ...words]);
    expect(ran.code).toBe(EXIT.usage);
    expect(lambda.calls()).toHaveLength(0);
  });

  test.each([
    ['RefusedInput', EXIT.usage],
    ['TooManyBoxes', EXIT.unavailable],
    ['NoCapacity', EXIT.unavailable],
    ['Whatever', EXIT.failed],
  ])("the function's own words are shown: %s", async (errorType, code) => {
    answer({ errorType, errorMessage: 'These are the words.' }, true);
    const ran = await drawbridge(['open']);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(ran.stderr).toContain('These are the words.');
  });

  test('a box that ends before it can be reached is an error', async () => {
    answer(OPENED);
    ssm.on(DescribeInstanceInformationCommand).resolves({ InstanceInformationList: [] });
    ec2.on(DescribeInstancesCommand).resolves({
      Reservations: [{ Instances: [{ InstanceId: BOX, State: { Name: 'terminated' } }] }],
    });
    const ran = await drawbridge(['open']);
    expect(ran.code).toBe(EXIT.unavailable);
    expect(ran.stderr).toContain(`${BOX} is terminated`);
  });
});

describe('list', () => {
  test('shows who, why and until when', async () => {
    const tags = {
      'drawbridge:purpose': 'access',
      'drawbridge:expires-at': '2026-11-22T03:00:00Z',
      'drawbridge:reason': 'order 4711',
      'drawbridge:requested-by': 'arn:aws:sts::1:assumed-role/dev/eva',
    };
    ec2.on(DescribeInstancesCommand).resolves({
      Reservations: [
        {
          Instances: [
            {
              InstanceId: BOX,
              State: { Name: 'running' },
              LaunchTime: new Date('2026-11-22T02:00:00Z'),
              Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
            },
          ],
        },
      ],
    });
    const ran = await drawbridge(['list', '--json']);
    expect(ran.json()).toEqual([
      expect.objectContaining({ instanceId: BOX, purpose: 'access', reason: 'order 4711', state: 'running' }),
    ]);
    expect((await drawbridge(['list'])).stdout).toMatch(/BOX.*\n.*dev\/eva +order 4711/);
    expect(ec2.commandCalls(DescribeInstancesCommand)[0]?.args[0].input.Filters).toContainEqual({
      Name: 'tag:drawbridge:stack',
      Values: [STACK],
    });
  });

  test('says that there is none', async () => {
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
    expect((await drawbridge(['list'])).stdout).toBe('No box of drawbridge runs.\n');
    expect((await drawbridge(['list', '--json'])).json()).toEqual([]);
  });
});

test('extend moves the expiry', async () => {
  answer(OPENED);
  expect((await drawbridge(['extend', BOX, '--minutes', '90'])).code).toBe(0);
  expect(events()).toEqual([{ FunctionName: 'create', event: { instanceId: BOX, ttlMinutes: 90 } }]);
});

describe('close', () => {
  test('ends what is named', async () => {
    answer({ terminated: [BOX] });
    expect((await drawbridge(['close', BOX, '--json'])).json()).toEqual({ terminated: [BOX] });
    expect(events()).toEqual([{ FunctionName: 'destroy', event: { instanceId: BOX } }]);
  });

  test('ends everything only when told so', async () => {
    answer({ terminated: [] });
    expect((await drawbridge(['close', '--all'])).stdout).toBe('There was no box to end.\n');
    expect(events()).toEqual([{ FunctionName: 'destroy', event: { all: true } }]);
  });

  test.each([
    [['close']],
    [['close', '--all', BOX]],
    [['close', 'web-1']],
    [['extend', 'web-1']],
    [['extend']],
  ])('%j is refused', async (words) => {
    expect((await drawbridge(words)).code).toBe(EXIT.usage);
    expect(lambda.calls()).toHaveLength(0);
  });
});

test('status shows the stack and what runs', async () => {
  expect((await drawbridge(['status', '--json'])).json()).toEqual({
    stack: 'drawbridge',
    region: 'eu-west-1',
    status: 'CREATE_COMPLETE',
    database: { host: 'db.example', port: 5432, name: 'app' },
    jumpHost: 'down',
    boxes: 1,
  });
});

describe.each([['open'], ['list'], ['status'], ['close --all'], [`extend ${BOX}`]])('%s', (line) => {
  test('says that there is no such stack', async () => {
    cloudFormation
      .on(DescribeStacksCommand)
      .rejects(Object.assign(new Error('Stack with id other does not exist'), { name: 'ValidationError' }));
    const ran = await drawbridge([...line.split(' '), '--stack', 'other', '--region', 'us-east-1']);
    expect(ran).toMatchObject({ code: EXIT.notFound, stdout: '' });
    expect(ran.stderr).toContain('There is no stack "other" in us-east-1');
    expect(ran.stderr).toContain('--region');
  });
});

test('a stack that is not ours is a sentence', async () => {
  cloudFormation.on(DescribeStacksCommand).resolves({
    Stacks: [{ StackName: 'web', StackStatus: 'CREATE_COMPLETE', CreationTime: new Date() }],
  });
  const ran = await drawbridge(['open', '--stack', 'web']);
  expect(ran.code).toBe(EXIT.notFound);
  expect(ran.stderr).toContain('has no output CreateFunctionName');
});
