/** What a run over several databases does: the deployed definition, run. */
import { type Answer, definitionOf, fails, simulate } from './simulation';

const settings = { databases: ['app', 'orders', 'people'], backupConcurrency: 2 };
const definition = definitionOf(settings, 'WorkflowRun');
const START = 'states:startExecution.sync:2';

const databaseOf = (args: Record<string, unknown>): string => (args.Input as { database: string }).database;
const child = (error: string, cause: string): never =>
  fails(
    'States.TaskFailed',
    JSON.stringify({ ExecutionArn: 'arn:…', Status: 'FAILED', Error: error, Cause: cause }),
  );
const well: Answer = () => ({ Status: 'SUCCEEDED', Output: {} });

const run = (start: Answer = well, input: object = {}, publish: Answer = () => ({ MessageId: '1' })) =>
  simulate(definition, input, { [START]: start, 'sns:publish': publish });

test('backs up every database of the settings, in an execution of its own', async () => {
  const { execution, calls } = await run();
  expect(execution.status).toBe('SUCCEEDED');
  expect(calls.map(({ args }) => databaseOf(args)).sort()).toEqual(['app', 'orders', 'people']);
  for (const { args } of calls) {
    expect(args.Name).toMatch(new RegExp(`^${databaseOf(args)}-[0-9a-f]{16}$`));
    expect(args.Input).toMatchObject({ AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: execution.arn });
  }
});

test('no more at a time than the setting says', async () => {
  let [now, most] = [0, 0];
  await run(async () => {
    most = Math.max(most, (now += 1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    now -= 1;
    return {};
  });
  expect(most).toBe(2);
});

test('one failure stops nobody else; the run fails and says which and why, to the topic too', async () => {
  const { execution, calls } = await run((args) =>
    databaseOf(args) === 'orders' ? child('BackupFailed', 'exit code 65: password') : {},
  );
  expect(calls.filter(({ name }) => name === START)).toHaveLength(3);
  expect(execution).toMatchObject({
    status: 'FAILED',
    error: 'BackupsFailed',
    cause: 'orders: BackupFailed: exit code 65: password',
  });
  const [message] = calls.filter(({ name }) => name === 'sns:publish');
  expect(message?.args).toMatchObject({
    Subject: 'Backup failed: 1 of 3',
    Message: `orders: BackupFailed: exit code 65: password\n\nExecution: ${execution.arn}`,
  });
});

test('an execution that was stopped is a failure too', async () => {
  const { execution } = await run(() =>
    fails('States.TaskFailed', JSON.stringify({ ExecutionArn: 'arn:…', Status: 'ABORTED' })),
  );
  expect(execution.cause?.split('\n')).toEqual(
    ['app', 'orders', 'people'].map((name) => `${name}: ABORTED: the execution was stopped`),
  );
});

test('a topic that does not take the message does not hide the failure', async () => {
  const { execution } = await run(
    () => child('NotProven', 'rows differ'),
    { databases: ['app'] },
    () => fails('SNS.NotFoundException', 'no topic'),
  );
  expect(execution).toMatchObject({ status: 'FAILED', error: 'BackupsFailed' });
  expect(execution.cause).toBe('app: NotProven: rows differ');
});

test('the input may name some of the databases', async () => {
  const { calls } = await run(well, { databases: ['people', 'people'] });
  expect(calls.map(({ args }) => databaseOf(args))).toEqual(['people']);
});

test('a database that is not in the settings is refused before anything begins', async () => {
  const { execution, calls } = await run(well, { databases: ['app', 'secret'] });
  expect(calls).toEqual([]);
  expect(execution).toMatchObject({ status: 'FAILED', error: 'UnknownDatabase' });
  expect(execution.cause).toContain('stack: secret. Accepted: app, orders, people.');
});

test('a hundred databases with long reasons stay within every limit', async () => {
  const databases = Array.from({ length: 100 }, (_, index) => `d${index}`);
  const { execution, calls } = await simulate(
    definitionOf({ databases }, 'WorkflowRun'),
    {},
    { [START]: () => child('BackupFailed', 'x'.repeat(30_000)), 'sns:publish': () => ({}) },
  );
  expect(calls.filter(({ name }) => name === START)).toHaveLength(100);
  expect(execution).toMatchObject({ status: 'FAILED', error: 'BackupsFailed' });
  expect(execution.cause?.length).toBeLessThanOrEqual(32_768);
});
