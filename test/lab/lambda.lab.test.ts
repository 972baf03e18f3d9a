import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  InvokeCommand,
  LambdaClient,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  type InvokeCommandOutput,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { zipSync } from 'fflate';
import { labProcesses } from '../../lab/processes';
import { startComputeLab, type ComputeLab } from './compute-lab';
import { eventually, makeRole } from './fixtures';

let lab: ComputeLab;
let lambda: LambdaClient;
let role: string;

const zip = (source: string): Uint8Array => zipSync({ 'index.js': Buffer.from(source) });

async function create(FunctionName: string, source: string, more: object = {}): Promise<void> {
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Role: role,
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Timeout: 30,
      Code: { ZipFile: zip(source) },
      ...more,
    }),
  );
}

const invoke = (FunctionName: string, event: unknown = {}): Promise<InvokeCommandOutput> =>
  lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event), LogType: 'Tail' }));

const payloadOf = (output: InvokeCommandOutput): unknown =>
  JSON.parse(Buffer.from(output.Payload ?? []).toString()) as unknown;

const tailOf = ({ LogResult = '' }: InvokeCommandOutput): string =>
  Buffer.from(LogResult, 'base64').toString();

beforeAll(async () => {
  lab = await startComputeLab();
  lambda = new LambdaClient(lab.access);
  role = await makeRole(lab, 'function');
});

afterAll(async () => {
  lambda.destroy();
  await lab.stop();
});

it('runs the handler with event, context, deployed variables and credentials of the role', async () => {
  await create(
    'shows',
    `const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');
     exports.handler = async (event, context) => ({
       event, setting: process.env.SETTING, region: process.env.AWS_REGION, name: context.functionName,
       arn: context.invokedFunctionArn, left: context.getRemainingTimeInMillis(), request: context.awsRequestId,
       identity: (await new STSClient({}).send(new GetCallerIdentityCommand({}))).Arn });`,
    { Environment: { Variables: { SETTING: 'deployed' } } },
  );
  const output = await invoke('shows', { a: [1] });
  const shown = payloadOf(output) as Record<string, unknown>;
  expect(output.FunctionError).toBeUndefined();
  expect(shown).toMatchObject({
    event: { a: [1] },
    setting: 'deployed',
    region: 'eu-west-1',
    name: 'shows',
    arn: 'arn:aws:lambda:eu-west-1:123456789012:function:shows',
  });
  expect(shown.identity).toContain('assumed-role/function/shows');
  expect(shown.left).toBeGreaterThan(0);
  expect(shown.left).toBeLessThanOrEqual(30_000);
});

it('gives an error its type, message and trace, and the log its lines', async () => {
  await create(
    'fails',
    "exports.handler = async () => { console.log('so far'); throw new TypeError('no good'); };",
  );
  const output = await invoke('fails');
  expect(output.FunctionError).toBe('Unhandled');
  expect(payloadOf(output)).toMatchObject({ errorType: 'TypeError', errorMessage: 'no good' });
  expect((payloadOf(output) as { trace: string[] }).trace[0]).toBe('TypeError: no good');
  expect(tailOf(output)).toMatch(
    /START RequestId: [\s\S]*INFO\tso far[\s\S]*Invoke Error[\s\S]*REPORT RequestId: /,
  );
});

it('ends a function at its timeout, with everything it started', async () => {
  await create(
    'hangs',
    "exports.handler = async () => { require('child_process').spawn('sleep', ['987']); await new Promise((go) => setTimeout(go, 600000)); };",
    { Timeout: 2 },
  );
  const output = await invoke('hangs');
  expect(payloadOf(output)).toMatchObject({ errorType: 'Sandbox.Timedout' });
  expect((payloadOf(output) as { errorMessage: string }).errorMessage).toMatch(
    /Task timed out after 2\.00 seconds$/,
  );
  await eventually(() =>
    labProcesses().filter((one) => one.lab === lab.context.id).length <= 1 ? true : undefined,
  );
});

it('words a process that ends without an answer, a missing handler and a missing module as Lambda does', async () => {
  await create('exits', 'exports.handler = async () => { process.exit(3); };');
  expect(payloadOf(await invoke('exits'))).toMatchObject({ errorType: 'Runtime.ExitError' });
  await create('empty', 'exports.other = 1;');
  expect(payloadOf(await invoke('empty'))).toMatchObject({
    errorType: 'Runtime.HandlerNotFound',
    errorMessage: 'index.handler is undefined or not exported',
  });
  await create('imports', "require('no-such-module');");
  expect(payloadOf(await invoke('imports'))).toMatchObject({ errorType: 'Runtime.ImportModuleError' });
});

it('refuses callbacks from Node.js 24 on, and waits for them before', async () => {
  const source =
    "exports.handler = (event, context, callback) => { setTimeout(() => callback(null, 'called'), 10); };";
  await create('callback24', source);
  expect(payloadOf(await invoke('callback24'))).toMatchObject({
    errorType: 'Runtime.CallbackHandlerDeprecated',
  });
  await create('callback22', source, { Runtime: 'nodejs22.x' });
  expect(payloadOf(await invoke('callback22'))).toBe('called');
});

it('takes code from S3 and follows updates of code and configuration', async () => {
  const s3 = new S3Client({ ...lab.access, forcePathStyle: true });
  const put = async (Key: string, value: string): Promise<void> => {
    const Body = zip(`exports.handler = async () => '${value} ' + process.env.MODE;`);
    await s3.send(new PutObjectCommand({ Bucket: 'code', Key, Body }));
  };
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
  await s3.send(new CreateBucketCommand({ Bucket: 'code', CreateBucketConfiguration }));
  await put('one.zip', 'first');
  await put('two.zip', 'second');
  s3.destroy();
  await create('changes', '', {
    Code: { S3Bucket: 'code', S3Key: 'one.zip' },
    Environment: { Variables: { MODE: 'a' } },
  });
  expect(payloadOf(await invoke('changes'))).toBe('first a');
  await lambda.send(
    new UpdateFunctionCodeCommand({ FunctionName: 'changes', S3Bucket: 'code', S3Key: 'two.zip' }),
  );
  await lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName: 'changes',
      Environment: { Variables: { MODE: 'b' } },
    }),
  );
  expect(payloadOf(await invoke('changes'))).toBe('second b');
  await lambda.send(new DeleteFunctionCommand({ FunctionName: 'changes' }));
  await expect(invoke('changes')).rejects.toThrow(
    expect.objectContaining({ name: 'ResourceNotFoundException' }) as Error,
  );
});

it('writes to the log group that the function names', async () => {
  const logs = new CloudWatchLogsClient(lab.access);
  await logs.send(new CreateLogGroupCommand({ logGroupName: 'mine' }));
  await create('logs', "exports.handler = async () => { console.warn('kept'); };", {
    LoggingConfig: { LogGroup: 'mine' },
  });
  await invoke('logs');
  const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: 'mine' }));
  logs.destroy();
  expect(events.map(({ message }) => message).join('\n')).toMatch(/WARN\tkept/);
});

it('knows dry runs, asynchronous events, bad JSON, large answers and large events', async () => {
  await create('sizes', "exports.handler = async ({ bytes = 0 }) => 'x'.repeat(bytes);");
  const typed = (InvocationType: 'DryRun' | 'Event', Payload: string): Promise<InvokeCommandOutput> =>
    lambda.send(new InvokeCommand({ FunctionName: 'sizes', InvocationType, Payload }));
  expect((await typed('DryRun', '{}')).StatusCode).toBe(204);
  expect((await typed('Event', '{}')).StatusCode).toBe(202);
  await expect(typed('DryRun', '{')).rejects.toThrow(
    expect.objectContaining({ name: 'InvalidRequestContentException' }) as Error,
  );
  await expect(typed('Event', JSON.stringify('x'.repeat(1_048_576)))).rejects.toThrow(
    expect.objectContaining({ name: 'RequestTooLargeException' }) as Error,
  );
  expect(payloadOf(await invoke('sizes', { bytes: 6_000_000 }))).toHaveLength(6_000_000);
  expect(payloadOf(await invoke('sizes', { bytes: 7_000_000 }))).toMatchObject({
    errorType: 'Function.ResponseSizeTooLarge',
  });
});
