/** The app as a user has it: deployed by `cdk deploy`, used through its functions and documents, taken down by `cdk destroy`. */
import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../contract/exit-codes';
import { manifest as manifestSchema, proof as proofSchema } from '../../contract/manifest';
import { formatInstant, TAGS } from '../../contract/tags';
import { closeBox, openBox } from '../../lab/demo/boxes';
import { Cloud } from '../../lab/demo/cloud';
import { fillDatabase } from '../../lab/demo/database';
import type { Outputs } from '../../lab/demo/outputs';
import { Stack } from '../../lab/demo/stack';
import { hostPostgres } from '../../lab/parts';
import { labProcesses } from '../../lab/processes';
import { type RunningLab, startLab } from '../../lab/start';
import { stopSchedules } from '../support/schedules';

const ORDERS = 2_000;
const silent = (): void => undefined;

let lab: RunningLab;
let stack: Stack;
let cloud: Cloud;
let outputs: Outputs;
let ec2: EC2Client;
let s3: S3Client;
let ssm: SSMClient;

const open = (event: object): Promise<{ instanceId: string; expiresAt: string }> =>
  openBox(cloud, outputs, event, silent);

const run = (document: string, instanceId: string, parameters: Record<string, string[]> = {}) =>
  cloud.runDocument(document, instanceId, parameters, silent);

async function keys(suffix: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: outputs.BackupBucketName }));
  return Contents.flatMap(({ Key = '' }) => (Key.endsWith(suffix) ? [Key] : []));
}

async function openUploads(): Promise<string[]> {
  const { Uploads = [] } = await s3.send(
    new ListMultipartUploadsCommand({ Bucket: outputs.BackupBucketName }),
  );
  return Uploads.map(({ Key = '' }) => Key);
}

/** Asks until there is an answer; the test's own time limit ends it. */
async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(200);
  }
}

const untilTerminated = (instanceId: string): Promise<true> =>
  eventually(async () => ((await cloud.stateOf(instanceId)) === 'terminated' ? true : undefined));

beforeAll(async () => {
  const [postgres] = hostPostgres();
  if (postgres === undefined) throw new Error('No PostgreSQL on this machine');
  lab = await startLab();
  Object.assign(process.env, lab.environment);
  [cloud, ec2, s3, ssm] = [new Cloud(), new EC2Client(), new S3Client(), new SSMClient()];
  stack = new Stack(lab, postgres);
  await stack.bootstrap(silent);
  outputs = await stack.deploy(silent);
  // From here on only the tests sweep, so that they can tell who ended a box.
  expect(await stopSchedules()).not.toHaveLength(0);
  await fillDatabase(cloud, lab, postgres, outputs, ORDERS);
}, 300_000);

afterAll(async () => {
  for (const client of [ec2, s3, ssm]) client.destroy();
  await lab.stop();
  expect(labProcesses().filter((process) => process.lab === lab.id)).toEqual([]);
}, 60_000);

test('{} opens an access box; the same request returns the same box; destroy ends it', async () => {
  const first = await cloud.invoke(outputs.CreateFunctionName, { requestId: 'one' });
  const again = await cloud.invoke(outputs.CreateFunctionName, { requestId: 'one' });
  expect(again).toMatchObject({ instanceId: first.instanceId, expiresAt: first.expiresAt, existing: true });
  expect(first).toMatchObject({ purpose: 'access', existing: false });
  const { instanceId } = await open({});
  expect(instanceId).not.toBe(first.instanceId);
  await closeBox(cloud, outputs, instanceId);
  await cloud.invoke(outputs.DestroyFunctionName, { all: true });
  expect(await cloud.liveInstances()).toEqual([]);
}, 120_000);

test('a wrong event is refused with one message, and nothing is launched', async () => {
  const refused = cloud.invoke(outputs.CreateFunctionName, { purpos: 'access', ttlMinutes: 'long' });
  await expect(refused).rejects.toThrow(
    /RefusedInput[^]*purpos[^]*ttlMinutes|RefusedInput[^]*ttlMinutes[^]*purpos/,
  );
  expect(await cloud.liveInstances()).toEqual([]);
});

test('a box past its expiry powers itself off', async () => {
  const { instanceId } = await open({ ttlMinutes: 1 });
  await untilTerminated(instanceId);
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
  expect(Reservations[0]?.Instances?.[0]?.StateReason?.Code).toBe('Client.InstanceInitiatedShutdown');
}, 240_000);

test('the sweep ends what is past its expiry and leaves the others alone', async () => {
  const [late, young] = [await open({ requestId: 'late' }), await open({ requestId: 'young' })];
  const past = formatInstant(new Date(Date.now() - 60_000));
  await ec2.send(
    new CreateTagsCommand({ Resources: [late.instanceId], Tags: [{ Key: TAGS.expiresAt, Value: past }] }),
  );
  const swept = await cloud.invoke(outputs.SweepFunctionName, {});
  expect(swept.swept).toEqual([expect.objectContaining({ instanceId: late.instanceId })]);
  await untilTerminated(late.instanceId);
  expect(await cloud.stateOf(young.instanceId)).toBe('running');
  await closeBox(cloud, outputs, young.instanceId);
}, 120_000);

test('a box killed in the middle of a backup leaves nothing listed, and after a sweep no upload', async () => {
  const { instanceId } = await open({ purpose: 'backup' });
  await ssm.send(
    new SendCommandCommand({ DocumentName: outputs.BackupDocumentName, InstanceIds: [instanceId] }),
  );
  await eventually(async () => ((await openUploads()).length > 0 ? true : undefined));
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
  await untilTerminated(instanceId);
  expect(await keys('manifest.json')).toEqual([]);
  await cloud.invoke(outputs.SweepFunctionName, {});
  expect(await openUploads()).toEqual([]);
}, 120_000);

test('the documents of the stack commit a backup and prove it', async () => {
  const { instanceId } = await open({ purpose: 'backup' });
  const backup = await run(outputs.BackupDocumentName, instanceId);
  expect(backup).toMatchObject({ status: 'Success', exitCode: EXIT.ok });
  const { prefix } = JSON.parse(backup.stdout) as { prefix: string };
  const manifest = manifestSchema.parse(
    JSON.parse(await cloud.read(outputs.BackupBucketName, `${prefix}manifest.json`)),
  );
  expect(manifest.box).toBe(instanceId);

  const proven = await run(outputs.ProveDocumentName, instanceId, { prefix: [prefix] });
  expect(proven).toMatchObject({ status: 'Success', exitCode: EXIT.ok });
  const { key } = JSON.parse(proven.stdout) as { key: string };
  const proof = proofSchema.parse(JSON.parse(await cloud.read(outputs.BackupBucketName, key)));
  expect(proof).toMatchObject({ outcome: 'proven', differences: [], tablesCompared: manifest.tables.length });
  await closeBox(cloud, outputs, instanceId);
}, 240_000);

test('a prefix that could not be one never reaches a box', async () => {
  const { instanceId } = await open({ purpose: 'backup' });
  const injected = run(outputs.ProveDocumentName, instanceId, { prefix: ['$(touch /tmp/x)'] });
  await expect(injected).rejects.toMatchObject({ name: 'InvalidParameters' });
  await closeBox(cloud, outputs, instanceId);
}, 120_000);

test('deploying again changes nothing', async () => {
  expect(await stack.deploy(silent)).toEqual(outputs);
}, 120_000);

test('cdk destroy ends the boxes that are open, and keeps the backups', async () => {
  const box = await open({});
  await stack.destroy(silent);
  expect(await cloud.stateOf(box.instanceId)).toBe('terminated');
  expect(await cloud.liveInstances()).toEqual([]);
  expect(await keys('manifest.json')).toHaveLength(1);
}, 300_000);
