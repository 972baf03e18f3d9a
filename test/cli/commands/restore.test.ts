import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { ListMultipartUploadsCommand, ListPartsCommand } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { GetCommandInvocationCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { EXIT } from '../../../contract/exit-codes';
import { tableKey } from '../../../contract/keys';
import { drawbridge } from '../support';
import { BOX, type FakeBucket } from './bucket';
import { CHILD, document, ec2, invoked, RUN, s3, setStack, sfn, ssm } from './owner';

let bucket: FakeBucket;
beforeEach(() => {
  bucket = setStack();
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
    const now = tableKey('backups/app/20261122T030000000Z_i-1/', 'shop.größe\\x0a');
    s3.on(ListMultipartUploadsCommand).resolves({ Uploads: [{ Key: 'k', UploadId: 'u' }, { Key: now }] });
    s3.on(ListPartsCommand).resolves({ Parts: [{ Size: 8 * 1024 * 1024 }] });
    const ran = await drawbridge(['backup', 'app'], { isTTY: true });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toBe('app: app/x  2.0 KiB of 4.0 KiB, 3 tables, 9 rows, 2 s, proven\n');
    expect(ran.stderr).toContain('app: backing up, 8.0 MiB stored, in shop.größe\\x0a');
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
    const interrupt = new AbortController();
    sfn.on(DescribeExecutionCommand, { executionArn: RUN }).callsFake(() => {
      interrupt.abort();
      return { status: 'RUNNING' };
    });
    child('RUNNING', {});
    sfn.on(GetExecutionHistoryCommand).resolves({ events: [] });
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
    const stderr =
      '    1.0 s  restoring\nThe database app is not empty; nothing was begun.\nfailed to run commands: exit status 64';
    document({ Status: 'Failed', ResponseCode: EXIT.usage, stderr });
    const ran = await drawbridge(['restore', id, '--into', 'app', '--yes']);
    expect(ran).toMatchObject({ code: EXIT.usage, stdout: '' });
    expect(ran.stderr).toContain('drawbridge: The database app is not empty; nothing was begun.\n');
    expect(ran.stderr).not.toContain('failed to run');
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
