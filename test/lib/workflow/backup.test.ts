/** What the execution for one database does when something goes wrong: the deployed definition, run. */
import { type Answer, definitionOf, fails, simulate, throws } from './simulation';

const BOX = 'i-0123456789abcdef0';
const PREFIX = `backups/app/20261122T030000000Z_${BOX}/`;
const CREATE = 'LifecycleCreateFunction';
const DESTROY = 'LifecycleDestroyFunction';

const definition = definitionOf({}, 'WorkflowBackup');

const done = (output: object): object => ({
  Status: 'Success',
  StatusDetails: 'Success',
  ResponseCode: 0,
  StandardOutputContent: `${JSON.stringify(output)}\n`,
  StandardErrorContent: '',
});
const underWay = {
  Status: 'InProgress',
  StatusDetails: 'InProgress',
  ResponseCode: -1,
  StandardOutputContent: '',
  StandardErrorContent: '',
};
const failed = (code: number, words: string): object => ({
  Status: 'Failed',
  StatusDetails: 'Failed',
  ResponseCode: code,
  StandardOutputContent: '',
  StandardErrorContent: words,
});

const online = { InstanceInformationList: [{ InstanceId: BOX, PingStatus: 'Online' }] };
const instance = (state: string, reason?: string): object => ({
  Reservations: [
    {
      Instances: [
        { State: { Name: state }, ...(reason === undefined ? {} : { StateReason: { Message: reason } }) },
      ],
    },
  ],
});

/** A night on which all goes well. */
const WELL: Readonly<Record<string, Answer>> = {
  [CREATE]: () => ({ StatusCode: 200, Payload: { instanceId: BOX, existing: false } }),
  [DESTROY]: () => ({ StatusCode: 200, Payload: { terminated: [BOX] } }),
  'ssm:describeInstanceInformation': (_, call) => (call === 0 ? { InstanceInformationList: [] } : online),
  'ssm:sendCommand': (args) => ({ Command: { CommandId: `command for ${String(args.DocumentName)}` } }),
  'ssm:getCommandInvocation': (args, call) => {
    if (call % 2 === 0) return underWay;
    return String(args.CommandId).includes('Prove')
      ? done({ prefix: PREFIX, outcome: 'proven', key: `${PREFIX}proof-1.json` })
      : done({ prefix: PREFIX, storedBytes: 10 });
  },
  'ec2:describeInstances': () => instance('running'),
};

const run = (answers: Readonly<Record<string, Answer>> = {}, settings?: object) =>
  simulate(
    settings === undefined ? definition : definitionOf(settings, 'WorkflowBackup'),
    { database: 'app' },
    { ...WELL, ...answers },
  );

test('opens a box, backs up, proves, ends the box', async () => {
  const { execution, calls, names } = await run();
  expect(execution).toMatchObject({ status: 'SUCCEEDED', error: undefined });
  expect(JSON.parse(execution.output ?? '')).toEqual({
    database: 'app',
    box: BOX,
    backup: { prefix: PREFIX, storedBytes: 10 },
    proof: { prefix: PREFIX, outcome: 'proven', key: `${PREFIX}proof-1.json` },
  });
  expect(names[0]).toBe(CREATE);
  expect(names.at(-1)).toBe(DESTROY);
  const argsOf = (name: string) => calls.filter((one) => one.name === name).map(({ args }) => args);
  expect(argsOf(CREATE)).toEqual([
    {
      FunctionName: CREATE,
      Payload: {
        purpose: 'backup',
        ttlMinutes: 720,
        requestId: expect.stringMatching(/^backup-app-[0-9a-f]{16}$/) as string,
        holder: 'e1',
        reason: 'backup of app',
      },
    },
  ]);
  const [backup, proof] = argsOf('ssm:sendCommand');
  expect(backup).toMatchObject({
    // What was deployed, whatever the document's default version is.
    DocumentVersion: '$LATEST',
    InstanceIds: [BOX],
    Parameters: { database: ['app'], execution: ['arn:aws:states:eu-west-1:123456789012:execution:m:e1'] },
  });
  expect(proof).toMatchObject({
    DocumentVersion: '$LATEST',
    Parameters: { database: ['app'], prefix: [PREFIX], every: ['1'] },
  });
  expect(argsOf(DESTROY)).toEqual([{ FunctionName: DESTROY, Payload: { instanceId: BOX } }]);
});

test('a backup that no box can prove is no failure, and stays unproven', async () => {
  const { execution, names } = await run({
    'ssm:getCommandInvocation': (args) =>
      String(args.CommandId).includes('Prove')
        ? failed(71, 'there is no server of MySQL here')
        : done({ prefix: PREFIX, storedBytes: 10 }),
  });
  expect(execution).toMatchObject({ status: 'SUCCEEDED' });
  expect(JSON.parse(execution.output ?? '')).toMatchObject({ backup: { prefix: PREFIX }, proof: null });
  expect(names.at(-1)).toBe(DESTROY);
});

test('the lock of a database is its own, however long the names', async () => {
  const name = 'a'.repeat(62);
  const locks = await Promise.all(
    [`${name}1`, `${name}2`, `${name}1`].map(async (database) => {
      const { calls } = await simulate(definition, { database }, WELL);
      return (calls[0]?.args.Payload as { requestId: string }).requestId;
    }),
  );
  expect(locks[0]).not.toBe(locks[1]);
  expect(locks[2]).toBe(locks[0]);
  expect(locks[0]?.length).toBeLessThanOrEqual(64);
});

test('a box that another run holds is left alone', async () => {
  const { execution, names } = await run({ [CREATE]: () => throws('HeldByAnother', 'held by monday') });
  expect(execution).toMatchObject({ status: 'FAILED', error: 'AlreadyRunning', cause: 'held by monday' });
  expect(names).toEqual([CREATE]);
});

test('waits for room, and gives up in the end', async () => {
  const full: Answer = () => throws('TooManyBoxes', 'five are live');
  const patient = await run({
    [CREATE]: (args, call) => (call < 3 ? full(args, call) : WELL[CREATE]?.(args, call)),
  });
  expect(patient.execution.status).toBe('SUCCEEDED');
  const { execution, calls, names } = await run({ [CREATE]: full });
  expect(execution).toMatchObject({ status: 'FAILED', error: 'TooManyBoxes', cause: 'five are live' });
  expect(names).toEqual([...Array<string>(6).fill(CREATE), DESTROY]);
  // Whether a box was launched is not known: whatever this execution holds is ended.
  expect(calls.at(-1)?.args.Payload).toEqual({ holder: 'e1' });
});

test('an agent that never comes online ends the box', async () => {
  const { execution, names } = await run({
    'ssm:describeInstanceInformation': () => ({
      InstanceInformationList: [{ InstanceId: BOX, PingStatus: 'ConnectionLost' }],
    }),
  });
  expect(execution).toMatchObject({ status: 'FAILED', error: 'NeverOnline' });
  expect(execution.cause).toContain(`${BOX} did not come online within 10 minutes`);
  expect(names.at(-1)).toBe(DESTROY);
});

test.each([
  [
    'the command cannot be sent',
    { 'ssm:sendCommand': () => fails('Ssm.InvalidDocumentException', 'no such document') },
    'Ssm.InvalidDocumentException',
    'no such document',
  ],
  [
    'the backup fails',
    { 'ssm:getCommandInvocation': () => failed(65, 'The database refuses: password') },
    'BackupFailed',
    'exit code 65, Failed: The database refuses: password',
  ],
  [
    'the backup prints something else',
    { 'ssm:getCommandInvocation': () => ({ ...done({}), StandardOutputContent: 'nonsense' }) },
    'States.QueryEvaluationError',
    'nonsense|JSON|\\$parse',
  ],
  [
    'the box is gone',
    {
      'ssm:getCommandInvocation': () => underWay,
      'ec2:describeInstances': () => instance('terminated', 'Client.InstanceInitiatedShutdown'),
    },
    'BoxLost',
    `${BOX} is terminated: Client.InstanceInitiatedShutdown`,
  ],
  [
    'the proof finds a difference',
    {
      'ssm:getCommandInvocation': (args: Record<string, unknown>) =>
        String(args.CommandId).includes('Prove') ? failed(3, 'DIFFERENT rows') : done({ prefix: PREFIX }),
    },
    'NotProven',
    'DIFFERENT rows',
  ],
  [
    'the proof cannot be carried out',
    {
      'ssm:getCommandInvocation': (args: Record<string, unknown>) =>
        String(args.CommandId).includes('Prove') ? failed(73, 'no room') : done({ prefix: PREFIX }),
    },
    'ProofFailed',
    'no room',
  ],
] as const)('%s: the box is ended, and the reason is told', async (_, answers, error, cause) => {
  const { execution, calls } = await run(answers);
  expect(execution).toMatchObject({ status: 'FAILED', error });
  expect(execution.cause).toMatch(new RegExp(cause));
  expect(calls.at(-1)).toMatchObject({ name: DESTROY, args: { Payload: { instanceId: BOX } } });
});

test('a box that cannot be ended fails an otherwise good night, and does not hide an earlier reason', async () => {
  const stuck: Answer = () => throws('NotTerminated', `${BOX} (shutting-down)`);
  const good = await run({ [DESTROY]: stuck });
  expect(good.execution).toMatchObject({ status: 'FAILED', error: 'BoxNotEnded' });
  const bad = await run({ [DESTROY]: stuck, 'ssm:getCommandInvocation': () => failed(65, 'password') });
  expect(bad.execution).toMatchObject({ status: 'FAILED', error: 'BackupFailed' });
  expect(bad.execution.cause).toMatch(/password; besides, the box was not ended: i-/);
});

test('trouble on the way to a service is not the end', async () => {
  const flaky =
    (name: string, error: string): Answer =>
    (args, call) =>
      call < 2 ? fails(error) : WELL[name]?.(args, call);
  const { execution } = await run({
    [CREATE]: flaky(CREATE, 'Lambda.SdkClientException'),
    [DESTROY]: flaky(DESTROY, 'Lambda.TooManyRequestsException'),
    'ssm:getCommandInvocation': (args, call) =>
      call < 2 ? fails('Ssm.ThrottlingException') : WELL['ssm:getCommandInvocation']?.(args, call),
  });
  expect(execution.status).toBe('SUCCEEDED');
});

test('a command is sent once, unless Systems Manager says that it took none', async () => {
  const { names } = await run({
    'ssm:sendCommand': () => fails('Ssm.SdkClientException', 'connection reset'),
  });
  expect(names.filter((name) => name === 'ssm:sendCommand')).toHaveLength(1);
});

test.each([[720], [2880]])(
  'the longest backup, of %d minutes, has far fewer events than end an execution',
  async (maxTtlMinutes) => {
    const settings = { maxTtlMinutes };
    const deployed = definitionOf(settings, 'WorkflowBackup');
    const { States, TimeoutSeconds } = JSON.parse(deployed) as {
      States: { PauseBackup: { Seconds: string } };
      TimeoutSeconds: number;
    };
    const [, longest = '', first = '', longer = ''] =
      /\$min\(\[(\d+), (\d+) \+ (\d+) \* \$looks\]\)/.exec(States.PauseBackup.Seconds) ?? [];
    expect([Number(longest) >= 60, first, longer]).toEqual([true, '5', '10']);
    // The first ones are shorter: so many more.
    const looks = Math.ceil((maxTtlMinutes * 60) / Number(longest)) + Number(longest) / Number(longer);
    expect(TimeoutSeconds).toBeGreaterThan(maxTtlMinutes * 60);
    const { execution } = await run(
      {
        'ssm:getCommandInvocation': (args, call) =>
          call < looks ? underWay : WELL['ssm:getCommandInvocation']?.(args, 1),
      },
      settings,
    );
    expect(execution.status).toBe('SUCCEEDED');
    expect(execution.history.length).toBeLessThan(20_000);
  },
);
