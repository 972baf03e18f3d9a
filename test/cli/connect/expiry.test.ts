/** The expiry of a box while somebody is connected: said, moved, never forgotten. The clock is a fake one. */
import '../../support/fake-sleep';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { PassThrough } from 'node:stream';
import { Expiry } from '../../../cli/connect/expiry';
import { onKey } from '../../../cli/connect/keys';
import { Cleanup } from '../../../cli/framework/cleanup';
import { TAGS } from '../../../contract/tags';
import { fakeContext } from '../support';

const BOX = 'i-0123456789abcdef0';
const MINUTE = 60_000;
const STACK = {
  name: 'drawbridge',
  id: 'arn:stack',
  region: 'eu-west-1',
  status: 'CREATE_COMPLETE',
  outputs: { CreateFunctionName: 'create' },
};
const ec2 = mockClient(EC2Client);
const lambda = mockClient(LambdaClient);

let said: string[];
let expiresAt: string;

const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * MINUTE).toISOString();

beforeEach(() => {
  jest.useFakeTimers({ now: new Date('2026-11-22T10:00:00Z') });
  ec2.reset();
  lambda.reset();
  said = [];
  expiresAt = inMinutes(60);
  ec2.on(DescribeInstancesCommand).callsFake(() => ({
    Reservations: [{ Instances: [{ InstanceId: BOX, Tags: [{ Key: TAGS.expiresAt, Value: expiresAt }] }] }],
  }));
  lambda.on(InvokeCommand).callsFake(({ Payload }: { Payload: string }) => {
    const { instanceId, ttlMinutes } = JSON.parse(Payload) as { instanceId: string; ttlMinutes: number };
    expiresAt = inMinutes(ttlMinutes);
    return { Payload: Buffer.from(JSON.stringify({ instanceId, expiresAt })) };
  });
});
afterEach(() => {
  jest.useRealTimers();
});

function watch(keepAlive = false): Expiry {
  const context = fakeContext();
  jest.spyOn(context.ui, 'warn').mockImplementation((line) => said.push(line));
  const expiry = new Expiry(context, STACK, BOX, expiresAt, keepAlive);
  void expiry.watch();
  return expiry;
}

const pass = (minutes: number): Promise<void> => jest.advanceTimersByTimeAsync(minutes * MINUTE);
const extensions = (): number => lambda.commandCalls(InvokeCommand).length;

test('it is said ten, five and one minute before, once each, with what keeps the box', async () => {
  const expiry = watch();
  await pass(49);
  expect(said).toEqual([]);
  await pass(2);
  expect(said).toEqual([
    expect.stringMatching(/^i-0123456789abcdef0 ends in (10|9) min\. `drawbridge extend/),
  ]);
  await pass(3);
  expect(said).toHaveLength(1);
  await pass(2);
  expect(said).toHaveLength(2);
  await pass(3);
  expect(said).toHaveLength(3);
  expect(said[2]).toMatch(/ends in \d\d s\./);
  await pass(10);
  expect(said).toHaveLength(3);
  expect(extensions()).toBe(0);
  expiry.end();
});

test('--keep-alive moves it on, again and again, and says until when', async () => {
  const expiry = watch(true);
  await pass(3 * 60);
  expect(extensions()).toBe(3);
  expect(said).toHaveLength(3);
  expect(said[0]).toMatch(/now ends in 60 min \(2026-11-22T11:5\d:\d\d\.\d+Z\)\.$/);
  expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
  expect(lambda.commandCalls(InvokeCommand)[0]?.args[0].input).toMatchObject({
    FunctionName: 'create',
    Payload: JSON.stringify({ instanceId: BOX, ttlMinutes: 60 }),
  });
  expiry.end();
  await pass(3 * 60);
  expect(extensions()).toBe(3);
});

test('an extension that is refused is said with the reason, and tried again before the end', async () => {
  lambda.on(InvokeCommand).callsFake(() => ({
    FunctionError: 'Unhandled',
    Payload: Buffer.from(
      JSON.stringify({ errorType: 'RefusedInput', errorMessage: 'No box lives longer than 720 minutes.' }),
    ),
  }));
  const expiry = watch(true);
  await pass(61);
  expect(said).toEqual(Array.from({ length: 3 }, () => 'No box lives longer than 720 minutes.'));
  expiry.end();
});

test('what somebody else has extended is not announced', async () => {
  const expiry = watch();
  await pass(45);
  expiresAt = inMinutes(60);
  await pass(30);
  expect(said).toEqual([]);
  await pass(21);
  expect(said).toHaveLength(1);
  expiry.end();
});

test('a lid that was closed meanwhile: what is left is said at once', async () => {
  const expiry = watch();
  await pass(5);
  jest.setSystemTime(Date.now() + 51 * MINUTE);
  await pass(1);
  expect(said).toEqual([expect.stringMatching(/ends in (3|4) min|ends in \d+ s/)]);
  expiry.end();
});

test('an expiry that cannot be read is said, and the announcement comes all the same', async () => {
  ec2.on(DescribeInstancesCommand).rejects(Object.assign(new Error('x'), { name: 'UnauthorizedOperation' }));
  const expiry = watch();
  await pass(51);
  expect(said).toEqual([
    expect.stringContaining(`The expiry of ${BOX} cannot be read: You are not allowed`),
    expect.stringContaining(`${BOX} ends in`),
  ]);
  expiry.end();
});

describe('the key', () => {
  const terminal = () => {
    const modes: boolean[] = [];
    const setRawMode = (raw: boolean): void => void modes.push(raw);
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode });
    return { stdin: stdin as unknown as NodeJS.ReadStream, modes };
  };
  const watched = (stdin: NodeJS.ReadStream) => {
    const context = fakeContext({ stdin });
    return { ...context, ui: Object.assign(context.ui, { isInteractive: true }) };
  };

  test('extends, Ctrl-C still interrupts, and the terminal is given back', async () => {
    jest.useRealTimers();
    const { stdin, modes } = terminal();
    const context = watched(stdin);
    const cleanup = new Cleanup(context.ui);
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    const act = jest.fn(() => Promise.resolve());
    onKey(context, 'e', act, cleanup);
    expect(modes).toEqual([true]);
    for (const typed of ['x', 'E', '\u0003']) {
      stdin.push(typed);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(act).toHaveBeenCalledTimes(1);
    expect(kill).toHaveBeenCalledWith(process.pid, 'SIGINT');
    kill.mockRestore();
    await cleanup.run();
    expect(modes).toEqual([true, false]);
    expect(stdin.listenerCount('data')).toBe(0);
  });

  test('is not listened for where nobody types', () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.ReadStream;
    const context = watched(stdin);
    onKey(context, 'e', () => Promise.resolve(), new Cleanup(context.ui));
    expect(stdin.listenerCount('data')).toBe(0);
  });
});
