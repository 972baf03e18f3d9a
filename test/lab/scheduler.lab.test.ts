import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  SchedulerClient,
  UpdateScheduleCommand,
  type CreateScheduleCommandInput,
} from '@aws-sdk/client-scheduler';
import { zipSync } from 'fflate';
import { schedulesOf } from '../../lab/scheduler/schedules';
import { startComputeLab, type ComputeLab } from './compute-lab';
import { eventually, makeRole } from './fixtures';

let lab: ComputeLab;
let scheduler: SchedulerClient;
let role: string;

const schedule = (Name: string, ScheduleExpression: string): CreateScheduleCommandInput => ({
  Name,
  ScheduleExpression,
  FlexibleTimeWindow: { Mode: 'OFF' },
  Target: {
    Arn: 'arn:aws:lambda:eu-west-1:123456789012:function:notes',
    RoleArn: role,
    Input: `{"from":"${Name}","at":"<aws.scheduler.scheduled-time>"}`,
  },
});

async function noted(): Promise<string[]> {
  const logs = new CloudWatchLogsClient(lab.access);
  try {
    const { events = [] } = await logs.send(
      new FilterLogEventsCommand({ logGroupName: '/aws/lambda/notes' }),
    );
    return events.flatMap(({ message }) => /noted (\S+)/.exec(message ?? '')?.[1] ?? []);
  } catch {
    return [];
  } finally {
    logs.destroy();
  }
}

const timesNoted = (name: string, times: number): Promise<true> =>
  eventually(async () => ((await noted()).filter((one) => one === name).length === times ? true : undefined));

beforeAll(async () => {
  lab = await startComputeLab();
  scheduler = new SchedulerClient(lab.access);
  role = await makeRole(lab, 'scheduler');
  const lambda = new LambdaClient(lab.access);
  const source =
    'exports.handler = async ({ from, at }) => { if (!/^....-..-..T..:..:..Z$/.test(at)) throw new Error(at); console.log(`noted ${from}`); };';
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'notes',
      Role: role,
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Timeout: 30,
      Code: { ZipFile: zipSync({ 'index.js': Buffer.from(source) }) },
    }),
  );
  lambda.destroy();
});

afterAll(async () => {
  scheduler.destroy();
  await lab.stop();
});

it('calls the function each time the schedule is due, with the input', async () => {
  await scheduler.send(new CreateScheduleCommand(schedule('often', 'rate(5 minutes)')));
  await schedulesOf(lab.context).advance(299);
  await schedulesOf(lab.context).advance(602);
  await timesNoted('often', 3);
});

it('does not call when disabled, and no more once deleted', async () => {
  await scheduler.send(new DeleteScheduleCommand({ Name: 'often' }));
  const daily = schedule('daily', 'cron(0 3 * * ? *)');
  await scheduler.send(new CreateScheduleCommand({ ...daily, State: 'DISABLED' }));
  await schedulesOf(lab.context).advance(86_400);
  await scheduler.send(new UpdateScheduleCommand(daily));
  await schedulesOf(lab.context).advance(86_400);
  await timesNoted('daily', 1);
  await scheduler.send(new DeleteScheduleCommand({ Name: 'daily' }));
  const before = (await noted()).length;
  await schedulesOf(lab.context).advance(86_400);
  await scheduler.send(new CreateScheduleCommand(schedule('last', 'rate(1 hour)')));
  await schedulesOf(lab.context).advance(3600);
  await timesNoted('last', 1);
  await scheduler.send(new DeleteScheduleCommand({ Name: 'last' }));
  expect((await noted()).filter((one) => one === 'daily')).toHaveLength(1);
  expect((await noted()).length).toBeGreaterThan(before);
});

it('fires by the real clock too', async () => {
  await scheduler.send(new CreateScheduleCommand(schedule('minute', 'rate(1 minute)')));
  await schedulesOf(lab.context).advance(59);
  await timesNoted('minute', 1);
});

it('refuses expressions and targets that it does not know', async () => {
  await expect(scheduler.send(new CreateScheduleCommand(schedule('bad', 'every day')))).rejects.toThrow(
    'Invalid Schedule Expression',
  );
  const other = schedule('other', 'rate(1 hour)');
  await expect(
    scheduler.send(
      new CreateScheduleCommand({
        ...other,
        Target: { Arn: 'arn:aws:sqs:eu-west-1:123456789012:queue', RoleArn: role },
      }),
    ),
  ).rejects.toThrow('Lambda functions and state machines only');
});
