import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { answerCloudFormation, ANSWER_RESERVE_MS } from '../../lambda/cloudformation';
import { drain } from '../../lambda/drain';
import { FakeClock } from './fake-clock';
import { awsError, boxTags, FakeEc2, STACK } from './fake-ec2';
import { quiet, rejection } from './opening';

interface Answer {
  readonly method: string | undefined;
  readonly contentType: string | undefined;
  readonly bytes: number;
  readonly body: Readonly<Record<string, string>>;
}

/** Where CloudFormation takes answers: an address that says so many times that it is unavailable, then takes one. */
let server: Server;
let answers: Answer[];
let failures: number;
let url: string;

beforeEach(async () => {
  quiet();
  answers = [];
  failures = 0;
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const bytes = Buffer.concat(parts);
      const { method, headers } = request;
      const body = JSON.parse(bytes.toString()) as Record<string, string>;
      answers.push({ method, contentType: headers['content-type'], bytes: bytes.length, body });
      response.statusCode = answers.length <= failures ? 503 : 200;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer?Signature=secret`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function eventOf(type: 'Create' | 'Update' | 'Delete'): CloudFormationCustomResourceEvent {
  const common = {
    ServiceToken: 'arn:aws:lambda:eu-central-1:111122223333:function:drain',
    ResponseURL: url,
    StackId: STACK,
    RequestId: 'request-1',
    ResourceType: 'Custom::DrawbridgeDrain',
    LogicalResourceId: 'Drain',
    ResourceProperties: { ServiceToken: 'arn:aws:lambda:eu-central-1:111122223333:function:drain' },
  };
  if (type === 'Create') return { ...common, RequestType: type };
  const existing = { ...common, PhysicalResourceId: 'drain-1' };
  if (type === 'Delete') return { ...existing, RequestType: type };
  return { ...existing, RequestType: type, OldResourceProperties: common.ResourceProperties };
}

function stack() {
  const clock = new FakeClock();
  const ec2 = new FakeEc2(clock);
  const variables = { DRAWBRIDGE_STACK_ID: STACK };
  const begin = clock.now().getTime();
  return {
    ec2,
    clock,
    draining: { ec2: ec2.client, clock, variables },
    seconds: () => (clock.now().getTime() - begin) / 1_000,
  };
}

const FIFTEEN_MINUTES = 900_000;
const expiresAt = '2026-11-22T04:00:00Z';

test.each(['Create', 'Update'] as const)('%s succeeds at once and touches nothing', async (type) => {
  const { ec2, clock, draining } = stack();
  const box = ec2.add({ tags: boxTags({ expiresAt }) });
  await drain(eventOf(type), FIFTEEN_MINUTES, draining);
  expect(answers).toHaveLength(1);
  expect(answers[0]?.body).toEqual({
    Status: 'SUCCESS',
    Reason: 'Done.',
    PhysicalResourceId: type === 'Create' ? 'Drain' : 'drain-1',
    StackId: STACK,
    RequestId: 'request-1',
    LogicalResourceId: 'Drain',
  });
  expect(answers[0]).toMatchObject({ method: 'PUT' });
  // The address is signed for no content type.
  expect(answers[0]?.contentType ?? '').toBe('');
  expect(ec2.state(box)).toBe('running');
  expect(ec2.describes).toBe(0);
  expect(clock.slept).toEqual([]);
});

test('Delete ends what this stack launched, in every state; not what a group keeps, and nothing of others', async () => {
  const { ec2, draining } = stack();
  const ours = [
    ec2.add({ tags: boxTags({ expiresAt }) }),
    ec2.add({ state: 'pending', tags: boxTags({ purpose: undefined }) }),
    ec2.add({ state: 'stopped', tags: boxTags({ expiresAt }) }),
    ec2.add({ state: 'shutting-down', tags: boxTags({ expiresAt }) }),
    ec2.add({ tags: boxTags({ purpose: 'jump-host' }) }),
  ];
  const group = { 'aws:autoscaling:groupName': 'drawbridge-jump-host' };
  const others = [
    ec2.add({ tags: { ...boxTags({ purpose: 'jump-host' }), ...group } }),
    ec2.add(),
    ec2.add({ tags: boxTags({ stackId: `${STACK}2`, expiresAt }) }),
  ];
  await drain(eventOf('Delete'), FIFTEEN_MINUTES, draining);
  expect(answers[0]?.body).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'drain-1' });
  expect(ours.map((id) => ec2.state(id))).toEqual(ours.map(() => 'terminated'));
  expect(others.map((id) => ec2.state(id))).toEqual(others.map(() => 'running'));
});

test('the last look comes after a launch accepted just before must have shown up, even when nothing was there', async () => {
  const { ec2, draining, seconds } = stack();
  let lastLook = 0;
  draining.clock.meanwhile = () => {
    lastLook = seconds();
  };
  await drain(eventOf('Delete'), FIFTEEN_MINUTES, draining);
  expect(answers[0]?.body).toMatchObject({ Status: 'SUCCESS' });
  expect(lastLook).toBeGreaterThanOrEqual(15);
  expect(lastLook).toBeLessThan(30);
  expect(ec2.describes).toBeGreaterThan(1);
});

test('a box that appears after scans that found none is ended before the answer', async () => {
  const { ec2, clock, draining, seconds } = stack();
  let late: string | undefined;
  clock.meanwhile = () => {
    if (seconds() > 10) late ??= ec2.add({ state: 'pending', tags: boxTags({ expiresAt }) });
  };
  await drain(eventOf('Delete'), FIFTEEN_MINUTES, draining);
  expect(late).toBeDefined();
  expect(ec2.state(late ?? '')).toBe('terminated');
  expect(answers).toHaveLength(1);
  expect(answers[0]?.body).toMatchObject({ Status: 'SUCCESS' });
});

test('when time runs low the answer is FAILED and names what is left; more than 30 s remain', async () => {
  const { ec2, draining, seconds } = stack();
  ec2.endingLooks = Number.MAX_SAFE_INTEGER;
  const box = ec2.add({ tags: boxTags({ expiresAt }) });
  await drain(eventOf('Delete'), FIFTEEN_MINUTES, draining);
  expect(answers[0]?.body).toMatchObject({ Status: 'FAILED' });
  expect(answers[0]?.body['Reason']).toContain(`${box} (shutting-down)`);
  expect(seconds()).toBeLessThanOrEqual(870);
  expect(seconds()).toBeGreaterThan(850);
});

test('a function too short-lived for the last look does not pretend to be done', async () => {
  const { draining } = stack();
  await drain(eventOf('Delete'), 40_000, draining);
  expect(answers[0]?.body).toMatchObject({ Status: 'FAILED' });
  expect(answers[0]?.body['Reason']).toContain('before the last look');
});

test('an instance that EC2 refuses to end is named; the others are ended', async () => {
  const { ec2, draining } = stack();
  const [bad, good] = [ec2.add({ tags: boxTags({ expiresAt }) }), ec2.add({ tags: boxTags({ expiresAt }) })];
  ec2.onTerminate = (id) => {
    if (id === bad) throw awsError('OperationNotPermitted', 'it is protected');
  };
  await drain(eventOf('Delete'), FIFTEEN_MINUTES, draining);
  expect(answers[0]?.body).toMatchObject({
    Status: 'FAILED',
    Reason: `NotTerminated: Not terminated: ${bad} (OperationNotPermitted: it is protected).`,
  });
  expect(ec2.state(good)).toBe('terminated');
});

test('any error is answered: a wrong environment, by the name of the variable', async () => {
  const { draining } = stack();
  await drain(eventOf('Delete'), FIFTEEN_MINUTES, { ...draining, variables: {} });
  expect(answers[0]?.body).toMatchObject({ Status: 'FAILED' });
  expect(answers[0]?.body['Reason']).toContain('DRAWBRIDGE_STACK_ID: is missing');
});

test('work that never ends is answered for before the function is cut off', async () => {
  const never = () => new Promise<void>(() => undefined);
  await answerCloudFormation(eventOf('Delete'), ANSWER_RESERVE_MS + 20, new FakeClock(), never);
  expect(answers[0]?.body).toMatchObject({ Status: 'FAILED' });
  expect(answers[0]?.body['Reason']).toContain('ran out of time');
});

test('an answer that is not taken is given again, growing waits between, and not after it was taken', async () => {
  failures = 3;
  const { clock, draining } = stack();
  await drain(eventOf('Create'), FIFTEEN_MINUTES, draining);
  expect(answers).toHaveLength(4);
  expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(clock.slept).toEqual([1_000, 2_000, 4_000]);
});

test('an answer that is never taken is an error, so that Lambda repeats the event', async () => {
  failures = Infinity;
  const { draining } = stack();
  const error = await rejection(drain(eventOf('Create'), FIFTEEN_MINUTES, draining));
  expect(error.message).toContain('after 4 attempts: HTTP status 503');
  expect(error.message).not.toContain('secret');
});

test('no long reason makes the answer too long for CloudFormation, and it stays readable', async () => {
  const reason = 'é"\n'.repeat(5_000);
  const work = () => Promise.reject(new Error(`begins here ${reason}`));
  await answerCloudFormation(eventOf('Delete'), FIFTEEN_MINUTES, new FakeClock(), work);
  expect(answers[0]?.bytes).toBeLessThanOrEqual(4_096);
  expect(answers[0]?.bytes).toBeGreaterThan(3_900);
  expect(answers[0]?.body['Reason']).toMatch(/^Error: begins here é"\n.*…$/s);
});

test('the log never holds the signed address', async () => {
  const log = jest.spyOn(console, 'log').mockReturnValue();
  failures = 1;
  const { ec2, draining } = stack();
  ec2.add({ tags: boxTags({ expiresAt }) });
  await drain(eventOf('Delete'), FIFTEEN_MINUTES, draining);
  expect(log.mock.calls.length).toBeGreaterThan(3);
  for (const [line] of log.mock.calls as [string][]) {
    expect(line).not.toContain('Signature');
    expect(JSON.parse(line)).toHaveProperty('what');
  }
});
