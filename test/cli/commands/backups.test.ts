import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListMultipartUploadsCommand, ListPartsCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../../contract/exit-codes';
import { drawbridge, outputsOf } from '../support';
import { BOX, FakeBucket } from './bucket';

const cloudFormation = mockClient(CloudFormationClient);
const trail = mockClient(CloudTrailClient);
const ec2 = mockClient(EC2Client);
const lambda = mockClient(LambdaClient);
const s3 = mockClient(S3Client);
const sfn = mockClient(SFNClient);
const ssm = mockClient(SSMClient);
const sts = mockClient(STSClient);

const RUN = 'arn:aws:states:eu-west-1:1:execution:Run:r';
const CHILD = 'arn:aws:states:eu-west-1:1:execution:Backup:app-1';

let bucket: FakeBucket;
let directory: string;

/** What the functions were asked. */
const invoked = (): unknown[] =>
  lambda.commandCalls(InvokeCommand).map((call) => {
    const { FunctionName, Payload } = call.args[0].input;
    return [FunctionName, JSON.parse(typeof Payload === 'string' ? Payload : '') as unknown];
  });

function answer(byFunction: Readonly<Record<string, object>>): void {
  lambda.on(InvokeCommand).callsFake(({ FunctionName = '' }: { FunctionName?: string }) => ({
    Payload: Buffer.from(JSON.stringify(byFunction[FunctionName] ?? {})),
  }));
}

/** Lets the document end so. */
function document(end: { Status: string; ResponseCode: number; stdout?: string; stderr?: string }): void {
  ssm.on(SendCommandCommand).resolves({ Command: { CommandId: 'c1' } });
  ssm.on(GetCommandInvocationCommand).resolves({
    Status: end.Status as 'Success',
    ResponseCode: end.ResponseCode,
    StandardOutputContent: end.stdout ?? '',
    StandardErrorContent: end.stderr ?? '',
  });
}

beforeEach(() => {
  for (const mock of [cloudFormation, trail, ec2, lambda, s3, sfn, ssm, sts]) mock.reset();
  bucket = new FakeBucket();
  bucket.serve(s3 as never);
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-export-'));
  cloudFormation.on(DescribeStacksCommand).resolves({
    Stacks: [
      {
        StackName: 'drawbridge',
        StackId: 'arn:stack',
        StackStatus: 'CREATE_COMPLETE',
        CreationTime: new Date(),
        Outputs: outputsOf({
          CreateFunctionName: 'create',
          DestroyFunctionName: 'destroy',
          RetainFunctionName: 'retain',
          BackupBucketName: 'bucket',
          ProveDocumentName: 'prove-document',
          RestoreDocumentName: 'restore-document',
          RunStateMachineArn: 'run-machine',
          BackupStateMachineArn: 'backup-machine',
          DatabaseEndpoint: 'db.example',
          DatabaseName: 'app',
        }),
      },
    ],
  });
  sts.on(GetCallerIdentityCommand).resolves({ Account: '1', Arn: 'arn:aws:sts::1:assumed-role/dev/eva' });
  ec2
    .on(DescribeInstancesCommand)
    .resolves({ Reservations: [{ Instances: [{ InstanceId: BOX, State: { Name: 'running' } }] }] });
  ssm
    .on(DescribeInstanceInformationCommand)
    .resolves({ InstanceInformationList: [{ InstanceId: BOX, PingStatus: 'Online' }] });
  answer({
    retain: { decisions: [], marked: [] },
    create: {
      instanceId: BOX,
      purpose: 'x',
      state: 'pending',
      expiresAt: '2999-01-01T00:00:00Z',
      existing: false,
    },
    destroy: { terminated: [BOX] },
  });
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('backups', () => {
  test('lists what has a manifest, the newest first, over many pages, with proof and class', async () => {
    const old = bucket.add('2026-11-20T03:00:00.000Z');
    const newer = bucket.add('2026-11-21T03:00:00.000Z');
    const newest = bucket.add('2026-11-22T03:00:00.000Z', { database: 'orders' });
    bucket.prove(old, 'proven');
    bucket.prove(newer, 'failed');
    bucket.prove(newest, 'proven', '0'.repeat(64));
    bucket.objects.set('backups/app/20261122T050000000Z_i-0a/database.pgdump.zst', Buffer.from('half'));
    answer({
      retain: {
        decisions: [
          { prefix: `backups/${old}/`, keep: true, reasons: ['daily', 'minimum'] },
          { prefix: `backups/${newer}/`, keep: false, reasons: [] },
        ],
        marked: [],
      },
    });
    const ran = await drawbridge(['backups', '--json']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.json()).toMatchObject([
      { id: newest, database: 'orders', proof: 'unproven', class: 'unknown', keep: null },
      { id: newer, proof: 'failed', class: 'may expire', keep: false },
      { id: old, proof: 'proven', class: 'daily, minimum', keep: true, tables: 1 },
    ]);
    expect(invoked()).toEqual([['retain', { dryRun: true }]]);
    const text = await drawbridge(['backups', '--limit', '1', '--database', 'app']);
    expect(text.stdout).toMatch(
      /^BACKUP +AGE +SIZE +PROOF +KEPT AS\napp\/20261121T\S+ .* failed +may expire\n/,
    );
    expect(text.stdout).toContain('1 older ones: --limit 2 shows them.');
  });

  test('says of an altered manifest that it is one', async () => {
    const id = bucket.add('2026-11-20T03:00:00.000Z');
    bucket.prove(id, 'proven');
    const key = `backups/${id}/manifest.json`;
    bucket.objects.set(
      key,
      Buffer.from(String(bucket.objects.get(key)).replace('"rows": 1000', '"rows": 1001')),
    );
    expect((await drawbridge(['backups', '--json'])).json()).toMatchObject([{ proof: 'altered' }]);
  });

  test('show tells who started it, which box, execution and objects, and its proofs', async () => {
    const id = bucket.add('2026-11-22T03:00:00.000Z');
    bucket.prove(id, 'proven');
    sfn.on(DescribeExecutionCommand, { executionArn: CHILD }).resolves({
      input: JSON.stringify({ database: 'app', AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: RUN }),
    });
    sfn
      .on(DescribeExecutionCommand, { executionArn: RUN })
      .resolves({ startDate: new Date('2026-11-22T03:00:00Z') });
    const event = (executionArn: string, arn: string) => ({
      CloudTrailEvent: JSON.stringify({ userIdentity: { arn }, responseElements: { executionArn } }),
    });
    trail.on(LookupEventsCommand).resolves({ Events: [event('other', 'arn:tom'), event(RUN, 'arn:eva')] });
    const ran = await drawbridge(['backups', 'show', id, '--json']);
    expect(ran.json()).toMatchObject({
      id,
      origin: { execution: CHILD, run: RUN, startedBy: 'arn:eva', writtenAs: null },
      objects: [
        { versionId: 'v1', isThere: true, lockedUntil: '2026-12-01T00:00:00.000Z' },
        { versionId: 'v1', isThere: true },
      ],
      outcome: 'proven',
      proofs: [{ outcome: 'proven', box: BOX }],
    });
    bucket.objects.delete(`backups/${id}/roles.sql.zst`);
    const lost = await drawbridge(['backups', 'show', `backups/${id}/`]);
    expect(lost.code).toBe(EXIT.notProven);
    expect(lost.stdout).toContain('roles.sql.zst IS NOT THERE');
    expect(lost.stdout).toContain('started by  arn:eva');
  });

  test.each([
    [['backups', 'show'], EXIT.usage, /Which backup/],
    [['backups', 'hide', 'x'], EXIT.usage, /"hide" says nothing/],
    [['backups', 'show', 'yesterday'], EXIT.usage, /"yesterday" is no id of a backup/],
    [['backups', 'show', 'app/20200101T000000000Z_i-0a'], EXIT.notFound, /There is no backup app\/2020/],
    [['retain'], EXIT.usage, /decides by itself/],
  ])('%j is refused', async (words, code, message) => {
    const ran = await drawbridge(words);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toMatch(message);
  });
});

describe('backup', () => {
  beforeEach(() => {
    sfn.on(StartExecutionCommand).resolves({ executionArn: RUN });
    sfn
      .on(ListExecutionsCommand)
      .resolves({ executions: [{ executionArn: CHILD }, { executionArn: 'older' }] as never });
    sfn.on(DescribeExecutionCommand, { executionArn: 'older' }).resolves({ input: '{"database":"app"}' });
  });
  const child = (status: string, more: object) => {
    sfn.on(DescribeExecutionCommand, { executionArn: CHILD }).resolves({
      status: status as 'FAILED',
      input: JSON.stringify({ database: 'app', AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: RUN }),
      ...more,
    });
  };

  test('starts a run, follows it, and ends with what came of each database', async () => {
    sfn
      .on(DescribeExecutionCommand, { executionArn: RUN })
      .resolvesOnce({ status: 'RUNNING' })
      .resolves({ status: 'SUCCEEDED' });
    const made = {
      prefix: 'backups/app/x/',
      storedBytes: 2048,
      plainBytes: 4096,
      tables: 3,
      rows: 9,
      seconds: 1.5,
    };
    child('SUCCEEDED', { output: JSON.stringify({ box: BOX, backup: made, proof: { outcome: 'proven' } }) });
    sfn
      .on(GetExecutionHistoryCommand)
      .resolves({ events: [{ stateEnteredEventDetails: { name: 'PauseBackup' } }] as never });
    s3.on(ListMultipartUploadsCommand).resolves({ Uploads: [{ Key: 'k', UploadId: 'u' }] });
    s3.on(ListPartsCommand).resolves({ Parts: [{ Size: 8 * 1024 * 1024 }] });
    const ran = await drawbridge(['backup', 'app'], { isTTY: true });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toBe('app: app/x  2.0 KiB of 4.0 KiB, 3 tables, 9 rows, 2 s, proven\n');
    expect(ran.stderr).toMatch(/app: backing up, 8\.0 MiB stored/);
    const [start] = sfn.commandCalls(StartExecutionCommand);
    expect(start?.args[0].input).toEqual({ stateMachineArn: 'run-machine', input: '{"databases":["app"]}' });
  });

  test('exits with 1 when a database failed, and says why', async () => {
    sfn.on(DescribeExecutionCommand, { executionArn: RUN }).resolves({ status: 'FAILED', cause: 'app: …' });
    child('FAILED', { error: 'BackupFailed', cause: 'exit code 65' });
    const ran = await drawbridge(['backup']);
    expect(ran).toMatchObject({ code: EXIT.failed, stdout: 'app: BackupFailed: exit code 65\n' });
  });

  test('a run that knows no such database says so', async () => {
    sfn.on(ListExecutionsCommand).resolves({ executions: [] });
    sfn
      .on(DescribeExecutionCommand)
      .resolves({ status: 'FAILED', cause: 'not among the databases of this stack: x' });
    const ran = await drawbridge(['backup', 'x']);
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.stderr).toContain('not among the databases');
  });

  test('Ctrl-C says that the run goes on, and how to stop it', async () => {
    sfn.on(DescribeExecutionCommand, { executionArn: RUN }).resolves({ status: 'RUNNING' });
    child('RUNNING', {});
    sfn.on(GetExecutionHistoryCommand).resolves({ events: [] });
    const interrupt = new AbortController();
    setTimeout(() => {
      interrupt.abort();
    }, 200);
    const ran = await drawbridge(['backup'], { interrupted: interrupt.signal });
    expect(ran.code).toBe(EXIT.interrupted);
    expect(ran.stderr).toContain(`the run goes on: ${RUN}`);
    expect(ran.stderr).toContain(`aws stepfunctions stop-execution --execution-arn ${RUN}`);
  });
});

describe('prove', () => {
  test('opens a backup box, runs the document, prints the outcome, closes the box', async () => {
    const id = bucket.add('2026-11-22T03:00:00.000Z');
    const proven = { outcome: 'failed', exceptions: [], tablesCompared: 1, rowsCompared: 2 };
    const differences = [{ what: 'data of t', expected: '1', found: '2' }];
    document({
      Status: 'Failed',
      ResponseCode: 3,
      stdout: `${JSON.stringify({ ...proven, differences })}\n`,
    });
    const ran = await drawbridge(['prove', id]);
    expect(ran.code).toBe(EXIT.notProven);
    expect(ran.stdout).toContain('DIFFERENT data of t: expected 1, found 2');
    expect(ssm.commandCalls(SendCommandCommand)[0]?.args[0].input).toMatchObject({
      DocumentName: 'prove-document',
      InstanceIds: [BOX],
      Parameters: { database: ['app'], prefix: [`backups/${id}/`] },
    });
    expect(invoked()).toMatchObject([
      ['create', { purpose: 'backup', reason: `proof of ${id}` }],
      ['destroy', { instanceId: BOX }],
    ]);
  });
});

describe('restore', () => {
  const result = {
    prefix: 'p',
    database: 'friday',
    replaced: null,
    tables: 1,
    rows: 1000,
    plainBytes: 1,
    seconds: 2,
    notes: ['owners are left out'],
  };

  test('takes the newest backup of a day, asks for a restore box, hands the words over, closes the box', async () => {
    bucket.add('2026-11-19T03:00:00.000Z');
    const wanted = bucket.add('2026-11-20T03:00:00.000Z');
    bucket.add('2026-11-21T03:00:00.000Z');
    document({ Status: 'Success', ResponseCode: 0, stdout: JSON.stringify(result) });
    const words = ['--at', '2026-11-20', '--into', 'friday', '--roles', 'skip', '--jobs', '2', '--yes'];
    const ran = await drawbridge(['restore', ...words]);
    expect(ran.stderr).toBe('');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('friday: 1 tables with 1000 rows, as many as were backed up');
    expect(ran.stdout).toContain('Otherwise than in the backup: owners are left out');
    expect(ssm.commandCalls(SendCommandCommand)[0]?.args[0].input).toMatchObject({
      DocumentName: 'restore-document',
      Parameters: {
        database: ['app'],
        prefix: [`backups/${wanted}/`],
        into: ['friday'],
        jobs: ['2'],
        roles: ['skip'],
      },
    });
    expect(invoked()).toMatchObject([
      ['create', { purpose: 'restore' }],
      ['destroy', { instanceId: BOX }],
    ]);
  });

  test("the box's own words and exit code are shown, and the box is closed", async () => {
    const id = bucket.add('2026-11-20T03:00:00.000Z');
    const stderr = '    1.0 s  restoring\nThe database app is not empty; nothing was begun.\n';
    document({ Status: 'Failed', ResponseCode: EXIT.usage, stderr });
    const ran = await drawbridge(['restore', id, '--into', 'app', '--yes']);
    expect(ran).toMatchObject({ code: EXIT.usage, stdout: '' });
    expect(ran.stderr).toContain('drawbridge: The database app is not empty; nothing was begun.');
    expect(invoked().at(-1)).toEqual(['destroy', { instanceId: BOX }]);
  });

  test('a box that is lost is noticed', async () => {
    const id = bucket.add('2026-11-20T03:00:00.000Z');
    ssm.on(SendCommandCommand).resolves({ Command: { CommandId: 'c1' } });
    ssm.on(GetCommandInvocationCommand).callsFake(() => {
      ec2
        .on(DescribeInstancesCommand)
        .resolves({ Reservations: [{ Instances: [{ InstanceId: BOX, State: { Name: 'terminated' } }] }] });
      return { Status: 'InProgress' };
    });
    const ran = await drawbridge(['restore', id, '--yes']);
    expect(ran.code).toBe(EXIT.unavailable);
    expect(ran.stderr).toContain(`The box ${BOX} is terminated`);
  });

  test.each([
    [[], /None is named/],
    [['app/20261120T030000000Z_i-0a', '--at', '2026-11-20'], /not both/],
    [['--at', 'yesterday'], /must be a day/],
    [['--at', '2026-13-45'], /must be a day/],
    [['--at', '2026-11-20', '--into', 'a b'], /must be a letter/],
    [['--at', '2026-11-20', '--into', 'a', '--over', 'b', '--yes'], /--over b is not the database/],
    [['--at', '2026-11-20'], /nobody is there to be asked/],
  ])('%j is refused before a box is opened', async (words, message) => {
    bucket.add('2026-11-20T03:00:00.000Z');
    const ran = await drawbridge(['restore', ...words]);
    expect(ran.code).toBe(EXIT.usage);
    expect(ran.stderr).toMatch(message);
    expect(invoked()).toEqual([]);
  });
});

describe('export', () => {
  test('brings every object, verified, and says how to restore it by hand', async () => {
    const id = bucket.add('2026-11-22T03:00:00.000Z');
    const into = join(directory, 'here');
    const ran = await drawbridge(['export', id, into]);
    expect(ran.code).toBe(0);
    expect(readdirSync(into).sort()).toEqual(['database.pgdump.zst', 'manifest.json', 'roles.sql.zst']);
    expect(readFileSync(join(into, 'database.pgdump.zst'), 'utf8')).toBe('dump of 2026-11-22T03:00:00.000Z');
    expect(ran.stdout).toContain('zstd -dc database.pgdump.zst | pg_restore --dbname "$server/restored"');
  });

  test('keeps nothing when one byte is not what was stored', async () => {
    const id = bucket.add('2026-11-22T03:00:00.000Z');
    bucket.objects.set(`backups/${id}/database.pgdump.zst`, Buffer.from('something else'));
    const into = join(directory, 'here');
    const ran = await drawbridge(['export', id, into]);
    expect(ran.code).toBe(EXIT.notProven);
    expect(ran.stderr).toMatch(/is not what the manifest says: its SHA-256 is/);
    expect(existsSync(into)).toBe(false);
  });

  test('touches no directory that holds something', async () => {
    const id = bucket.add('2026-11-22T03:00:00.000Z');
    writeFileSync(join(directory, 'mine'), 'x');
    const ran = await drawbridge(['export', id, directory]);
    expect(ran.code).toBe(EXIT.usage);
    expect(readdirSync(directory)).toEqual(['mine']);
  });
});

test('retain --dry-run tells what stays, why, and what goes when', async () => {
  answer({
    retain: {
      decisions: [
        { prefix: 'backups/app/b/', keep: true, reasons: ['daily', 'locked'] },
        { prefix: 'backups/app/a/', keep: false, reasons: [] },
      ],
      marked: ['backups/app/a/manifest.json'],
    },
  });
  const { stdout } = await drawbridge(['retain', '--dry-run']);
  expect(stdout).toMatch(/app\/b +stays +daily \(until .*\); locked \(until its lock ends\)/);
  expect(stdout).toMatch(/app\/a +goes +its manifest within a day or two/);
});
