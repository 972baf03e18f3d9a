/** A run as the schedule starts it, in the deployed app; what it leaves when something goes wrong in the middle. */
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
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { setTimeout as sleep } from 'node:timers/promises';
import { manifest as manifestSchema, proof as proofSchema } from '../../contract/manifest';
import { Cloud } from '../../lab/demo/cloud';
import { fillDatabase } from '../../lab/demo/database';
import type { Outputs } from '../../lab/demo/outputs';
import { Stack } from '../../lab/demo/stack';
import { hostPostgres } from '../../lab/parts';
import { labProcesses } from '../../lab/processes';
import { type RunningLab, startLab } from '../../lab/start';
import { stopSchedules } from '../support/schedules';

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
  const [sns, sqs, secrets] = [new SNSClient(), new SQSClient(), new SecretsManagerClient()];
  clients.push(sns, sqs, secrets);
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'told' }));
  const queue = `arn:aws:sqs:${lab.environment.AWS_REGION ?? ''}:123456789012:told`;
  await sns.send(new SubscribeCommand({ TopicArn: outputs.TopicArn, Protocol: 'sqs', Endpoint: queue }));
  const SecretId = outputs.DatabaseSecretArn;
  const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  const wrong = JSON.stringify({ ...(JSON.parse(SecretString) as object), password: 'wrong' });
  await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: wrong }));
  const run = await ended(await start());
  await secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
  expect(run).toMatchObject({ status: 'FAILED', error: 'BackupsFailed' });
  expect(run.cause).toMatch(/^app: BackupFailed: exit code 65, Failed: .*password/);
  await nothingLives();
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
  const { Subject, Message } = JSON.parse(Messages[0]?.Body ?? '{}') as Record<string, string>;
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
}, 300_000);

test('a database that the stack does not know is refused', async () => {
  const run = await ended(await start({ databases: ['postgres'] }));
  expect(run).toMatchObject({ status: 'FAILED', error: 'UnknownDatabase' });
});
