/** A run as the schedule starts it, in the deployed app; what it leaves when something goes wrong in the middle. */
import {
  CloudWatchClient,
  type Datapoint,
  DescribeAlarmsCommand,
  GetDashboardCommand,
  GetMetricStatisticsCommand,
  ListDashboardsCommand,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';
import { ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { setTimeout as sleep } from 'node:timers/promises';
import { manifest as manifestSchema, proof as proofSchema } from '../../contract/manifest';
import { Cloud } from '../../lab/demo/cloud';
import { fillDatabase } from '../../lab/demo/database';
import type { Outputs } from '../../lab/demo/outputs';
import { Stack } from '../../lab/demo/stack';
import { prepareEmulator } from '../../lab/moto';
import { hostPostgres } from '../../lab/parts';
import { labProcesses } from '../../lab/processes';
import { type RunningLab, startLab } from '../../lab/start';
import { stopSchedules } from '../support/schedules';
import { fillIn, follow, runbookCommands } from './runbook';

const silent = (): void => undefined;

let lab: RunningLab;
let cloud: Cloud;
let outputs: Outputs;
const clients: { destroy(): void }[] = [];
let sfn: SFNClient;

const order = async (path: string, body: object): Promise<void> => {
  const url = `${lab.environment.AWS_ENDPOINT_URL ?? ''}${path}`;
  const answer = await fetch(url, { method: 'PUT', body: JSON.stringify(body) });
  expect(answer.status).toBe(204);
};

/** Asks until there is an answer; the test's own time limit ends it. */
async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(250);
  }
}

const executionsOf = async (stateMachineArn: string): Promise<string[]> => {
  const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
  return executions.flatMap(({ executionArn }) => executionArn ?? []);
};

const ended = (executionArn: string): Promise<DescribeExecutionCommandOutput> =>
  eventually(async () => {
    const found = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    return found.status === 'RUNNING' ? undefined : found;
  });

async function start(input: object = {}): Promise<string> {
  const { executionArn } = await sfn.send(
    new StartExecutionCommand({ stateMachineArn: outputs.RunStateMachineArn, input: JSON.stringify(input) }),
  );
  return executionArn ?? '';
}

/** Subscribes a queue to the topic; takes one message from it. */
let told: () => Promise<Record<string, string>>;

async function listen(): Promise<typeof told> {
  const [sns, sqs] = [new SNSClient(), new SQSClient()];
  clients.push(sns, sqs);
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'told' }));
  const queue = `arn:aws:sqs:${lab.environment.AWS_REGION ?? ''}:123456789012:told`;
  await sns.send(new SubscribeCommand({ TopicArn: outputs.TopicArn, Protocol: 'sqs', Endpoint: queue }));
  return () =>
    eventually(async () => {
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      const [message] = Messages ?? [];
      if (message === undefined) return undefined;
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
      return JSON.parse(message.Body ?? '{}') as Record<string, string>;
    });
}

/** Values of an alarm's own metric, newest first, as its statistic reads them. */
async function measured(cloudWatch: CloudWatchClient, alarm: MetricAlarm): Promise<number[]> {
  const { Namespace, MetricName, Period, Statistic = 'Maximum', Dimensions } = alarm;
  const now = Date.now();
  const { Datapoints = [] } = await cloudWatch.send(
    new GetMetricStatisticsCommand({
      Namespace,
      MetricName,
      Dimensions,
      Period,
      Statistics: [Statistic],
      StartTime: new Date(now - 7_200_000),
      EndTime: new Date(now + 3_600_000),
    }),
  );
  const at = ({ Timestamp }: Datapoint): number => Timestamp?.getTime() ?? 0;
  return [...Datapoints]
    .sort((a, b) => at(b) - at(a))
    .flatMap((point) => (Statistic === 'Sum' ? point.Sum : point.Maximum) ?? []);
}

const logGroupOf = async (what: string): Promise<string> => {
  const logs = new CloudWatchLogsClient();
  clients.push(logs);
  const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({}));
  return logGroups.find(({ logGroupName }) => logGroupName?.includes(what))?.logGroupName ?? '';
};

const nothingLives = (): Promise<true> =>
  eventually(async () => ((await cloud.liveInstances()).length === 0 ? true : undefined));

beforeAll(async () => {
  const [postgres] = hostPostgres();
  if (postgres === undefined) throw new Error('No PostgreSQL on this machine');
  lab = await startLab();
  Object.assign(process.env, lab.environment);
  cloud = new Cloud();
  sfn = new SFNClient();
  clients.push(sfn);
  const stack = new Stack(lab, postgres);
  await stack.bootstrap(silent);
  outputs = await stack.deploy(silent);
  // From here on only the schedule of backups fires.
  await stopSchedules((expression) => expression.startsWith('rate'));
  told = await listen();
  await fillDatabase(cloud, lab, postgres, outputs, 500);
  // A minute between looks passes in less than a second.
  await order('/lab/time', { factor: 100 });
}, 300_000);

afterAll(async () => {
  for (const client of clients) client.destroy();
  await lab.stop();
  expect(labProcesses().filter((process) => process.lab === lab.id)).toEqual([]);
}, 60_000);

test('the schedule starts a run: a box, a backup, its proof, no box; a second run meanwhile is refused', async () => {
  await order('/lab/clock', { advanceSeconds: 86_400 });
  const [run = ''] = await eventually(async () => {
    const found = await executionsOf(outputs.RunStateMachineArn);
    return found.length > 0 ? found : undefined;
  });
  await eventually(async () => ((await cloud.liveInstances()).length > 0 ? true : undefined));
  const second = await ended(await start());
  expect(second).toMatchObject({ status: 'FAILED', error: 'BackupsFailed' });
  expect(second.cause).toMatch(/^app: AlreadyRunning: Request backup-app-/);
  expect((await told()).Message).toContain('app: AlreadyRunning');

  expect(await ended(run)).toMatchObject({ status: 'SUCCEEDED' });
  const succeeded = await Promise.all((await executionsOf(outputs.BackupStateMachineArn)).map(ended));
  const child = succeeded.find(({ status }) => status === 'SUCCEEDED');
  const { backup, proof, box } = JSON.parse(child?.output ?? '') as Record<string, Record<string, string>>;
  const read = async (key: string): Promise<unknown> =>
    JSON.parse(await cloud.read(outputs.BackupBucketName, key));
  const manifest = manifestSchema.parse(await read(`${backup?.prefix ?? ''}manifest.json`));
  expect(manifest).toMatchObject({ database: 'app', execution: child?.executionArn, box });
  expect(proofSchema.parse(await read(proof?.key ?? ''))).toMatchObject({ outcome: 'proven', box });
  expect(await cloud.liveInstances()).toEqual([]);
}, 300_000);

test('a backup that fails ends its box; the run fails and tells why, to the topic too', async () => {
  const secrets = new SecretsManagerClient();
  clients.push(secrets);
  const SecretId = outputs.DatabaseSecretArn;
  const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  const wrong = JSON.stringify({ ...(JSON.parse(SecretString) as object), password: 'wrong' });
  await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: wrong }));
  const run = await ended(await start());
  await secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
  expect(run).toMatchObject({ status: 'FAILED', error: 'BackupsFailed' });
  expect(run.cause).toMatch(/^app: BackupFailed: exit code 65, Failed: .*password/);
  await nothingLives();
  const { Subject, Message } = await told();
  expect(Subject).toBe('Backup failed: 1 of 1');
  expect(Message).toContain(run.executionArn);
  expect(Message).toContain('app: BackupFailed');
}, 300_000);

test('a run that is stopped in the middle leaves no box', async () => {
  const run = await start({ databases: ['app'] });
  await eventually(async () => ((await cloud.liveInstances()).length > 0 ? true : undefined));
  await sfn.send(new StopExecutionCommand({ executionArn: run, cause: 'the test stops it' }));
  expect(await ended(run)).toMatchObject({ status: 'ABORTED', cause: 'the test stops it' });
  await nothingLives();
  // It can tell nothing itself any more.
  const { Message } = await told();
  expect(Message).toMatch(/^"?Backup run ended early: ABORTED\./);
  expect(Message).toContain(run);
}, 300_000);

test('a database that the stack does not know is refused', async () => {
  const run = await ended(await start({ databases: ['postgres'] }));
  expect(run).toMatchObject({ status: 'FAILED', error: 'UnknownDatabase' });
});

test('every alarm looks at something that is measured, and the dashboard is there', async () => {
  const cloudWatch = new CloudWatchClient();
  clients.push(cloudWatch);
  await cloud.invoke(outputs.RetainFunctionName, {});
  await cloud.invoke(outputs.SweepFunctionName, {});
  const { MetricAlarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({}));
  const values = Object.fromEntries(
    await Promise.all(
      MetricAlarms.map(async (one) => [
        /Monitoring([A-Za-z]+?)[0-9A-F]{8}/.exec(one.AlarmName ?? '')?.[1] ?? one.AlarmName,
        await measured(cloudWatch, one),
      ]),
    ),
  ) as Record<string, number[]>;
  expect(Object.keys(values).sort()).toEqual([
    'BoxPastExpiry',
    'BoxSwept',
    'ProofTooOldapp',
    'RunFailed',
    'RunMissed',
  ]);
  expect(values.ProofTooOldapp?.[0]).toBeGreaterThan(0);
  expect(values.ProofTooOldapp?.[0]).toBeLessThan(1);
  expect(values.BoxPastExpiry?.[0]).toBe(0);
  expect(values.BoxSwept?.[0]).toBe(0);
  const sum = (of: number[] = []): number => of.reduce((all, one) => all + one, 0);
  expect(sum(values.RunMissed)).toBeGreaterThanOrEqual(5);
  expect(sum(values.RunFailed)).toBeGreaterThanOrEqual(3);
  const { DashboardEntries: [dashboard] = [] } = await cloudWatch.send(new ListDashboardsCommand({}));
  const { DashboardBody = '' } = await cloudWatch.send(
    new GetDashboardCommand({ DashboardName: dashboard?.DashboardName }),
  );
  expect(DashboardBody).toContain(outputs.BackupStateMachineArn);
}, 120_000);

test('every command of the runbook does what it says', async () => {
  const { aws } = await prepareEmulator(() => undefined);
  if (aws === undefined) throw new Error('No AWS CLI on this machine');
  const scheduler = new SchedulerClient();
  clients.push(scheduler);
  const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand({}));
  const [failed = ''] = await executionsOf(outputs.RunStateMachineArn);
  const { instanceId } = await cloud.invoke(outputs.CreateFunctionName, {});
  const values = {
    ...outputs,
    execution: failed,
    schedule: Schedules.find(({ Name }) => Name?.includes('BackupSchedule'))?.Name ?? '',
    'name of the stack': 'drawbridge',
    'log group of the sweep': await logGroupOf('LifecycleSweepLogs'),
    box: String(instanceId),
  };
  const said: Record<string, string> = {};
  for (const [entry, commands] of Object.entries(runbookCommands())) {
    for (const command of commands)
      said[entry] = `${said[entry] ?? ''}${await follow(fillIn(command, values), lab.environment, aws)}`;
  }
  expect(Object.keys(said)).toEqual([
    'Proof too old',
    'Run failed',
    'Run missed',
    'Box past expiry',
    'Box swept',
    'Session told',
  ]);
  expect(said['Proof too old']).toContain('SUCCEEDED');
  expect(said['Run failed']).toContain('UnknownDatabase');
  expect(said['Run missed']).toContain('cron(0 3 * * ? *)');
  expect(said['Box past expiry']).toContain(String(instanceId));
  expect(said['Box swept']).toContain('swept');
  expect(await cloud.stateOf(String(instanceId))).toMatch(/terminated|shutting-down/);
}, 300_000);
