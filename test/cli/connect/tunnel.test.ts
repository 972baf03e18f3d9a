/** Tunnels that outlive their sessions: a real data channel behind an API that says what the test wants. */
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  ResumeSessionCommand,
  SSMClient,
  StartSessionCommand,
  TerminateSessionCommand,
} from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { Tunnel } from '../../../cli/connect/tunnel';
import { EXIT } from '../../../contract/exit-codes';
import { type LabSession, openSession } from '../../../lab/session';
import { until } from '../../support/until';
import { fakeContext } from '../support';

const BOX = 'i-0123456789abcdef0';
const ssm = mockClient(SSMClient);
const ec2 = mockClient(EC2Client);

let greeter: Server;
let sessions: LabSession[];
let said: string[];
let tunnel: Tunnel | undefined;

const failure = (name: string, message = name): Error => Object.assign(new Error(message), { name });
const state = (Name: string): void => {
  ec2.on(DescribeInstancesCommand).resolves({
    Reservations: [{ Instances: [{ InstanceId: BOX, State: { Name: Name as 'running' } }] }],
  });
};

async function grant(): Promise<object> {
  const sessionId = `eva-${sessions.length}`;
  const session = await openSession({
    sessionId,
    token: 'first',
    sessionType: 'Port',
    properties: {
      type: 'LocalPortForwarding',
      host: '127.0.0.1',
      portNumber: String((greeter.address() as AddressInfo).port),
    },
  });
  sessions.push(session);
  return { SessionId: sessionId, StreamUrl: session.streamUrl, TokenValue: 'first' };
}

beforeEach(async () => {
  ssm.reset();
  ec2.reset();
  [sessions, said, tunnel] = [[], [], undefined];
  greeter = createServer((socket) => socket.on('error', () => undefined).end('hello'));
  await new Promise<void>((resolve) => greeter.listen(0, '127.0.0.1', resolve));
  ssm.on(StartSessionCommand).callsFake(grant);
  ssm.on(TerminateSessionCommand).resolves({});
  state('running');
  process.env.AWS_ACCESS_KEY_ID = 'test';
  process.env.AWS_SECRET_ACCESS_KEY = 'test';
});
afterEach(async () => {
  await tunnel?.close();
  for (const session of sessions) await session.close();
  await new Promise((resolve) => greeter.close(resolve));
});

async function open(localPort = 0): Promise<Tunnel> {
  const context = fakeContext();
  jest.spyOn(context.ui, 'warn').mockImplementation((line) => said.push(line));
  tunnel = await Tunnel.open(context, { instanceId: BOX, documentName: 'Connect', localPort });
  return tunnel;
}
const greeting = (port: number): Promise<string> => text(connect(port, '127.0.0.1'));
const ended = (): (string | undefined)[] =>
  ssm.commandCalls(TerminateSessionCommand).map((call) => call.args[0].input.SessionId);

test('a session at the end of its time is replaced by another, on the same port', async () => {
  const { port } = await open();
  expect(await greeting(port)).toBe('hello');
  await sessions[0]?.close('Your session has reached its maximum duration and has been terminated.');
  await until(() => said.length === 2);
  expect(said).toEqual([
    'The session was closed: Your session has reached its maximum duration and has been terminated. Opening another session …',
    `Port ${port} leads through again.`,
  ]);
  expect(sessions).toHaveLength(2);
  expect(await greeting(port)).toBe('hello');
  await tunnel?.close();
  expect(ended()).toEqual(['eva-0', 'eva-1']);
});

test('sessions that end as soon as they are open are not opened for ever', async () => {
  const { failed, port } = await open();
  const through = (): number => said.filter((line) => line === `Port ${port} leads through again.`).length;
  for (let next = 0; next < 4; next += 1) {
    await until(() => through() === next);
    await sessions[next]?.close('Not today.');
  }
  const { exitCode, message } = await failed;
  expect(exitCode).toBe(EXIT.unavailable);
  expect(message).toContain('4 sessions in a row ended as soon as they were open.');
  expect(message).toContain('Not today.');
  expect(sessions).toHaveLength(4);
});

test('a token that is no longer good for resuming: a new session', async () => {
  ssm.on(ResumeSessionCommand).resolves({ SessionId: 'eva-0' });
  const { port } = await open();
  sessions[0]?.cut();
  await until(() => said.includes(`Port ${port} leads through again.`));
  expect(sessions).toHaveLength(2);
  expect(await greeting(port)).toBe('hello');
});

test('a lost connection is resumed with a new token, without another session', async () => {
  ssm.on(ResumeSessionCommand).callsFake(() => ({
    SessionId: 'eva-0',
    StreamUrl: sessions[0]?.streamUrl,
    TokenValue: sessions[0]?.resume(),
  }));
  const { port } = await open();
  sessions[0]?.cut();
  await until(() => ssm.commandCalls(ResumeSessionCommand).length === 1);
  expect(await greeting(port)).toBe('hello');
  expect(sessions).toHaveLength(1);
});

test('what fails for a moment is asked again', async () => {
  const { port } = await open();
  ec2
    .on(DescribeInstancesCommand)
    .rejectsOnce(failure('RequestLimitExceeded'))
    .resolves({ Reservations: [{ Instances: [{ State: { Name: 'running' } }] }] });
  await sessions[0]?.close();
  await until(() => said.includes(`Port ${port} leads through again.`));
  expect(ec2.commandCalls(DescribeInstancesCommand)).toHaveLength(2);
  expect(await greeting(port)).toBe('hello');
});

test.each(['terminated', 'shutting-down', 'stopped'])(
  'an instance that is %s ends it with a sentence',
  async (name) => {
    const { failed } = await open();
    state(name);
    await sessions[0]?.close();
    const problem = await failed;
    expect(problem.exitCode).toBe(EXIT.unavailable);
    expect(problem.message).toBe(`${BOX} is ${name}: its time was up, or somebody has closed it.`);
    expect(problem.next).toContain('Connect again');
    expect(ssm.commandCalls(StartSessionCommand)).toHaveLength(1);
    expect(ended()).toEqual(['eva-0']);
  },
);

test('credentials that have expired meanwhile end it with what to do', async () => {
  const { failed } = await open();
  ec2.on(DescribeInstancesCommand).rejects(failure('RequestExpired', 'Request has expired.'));
  await sessions[0]?.close();
  const problem = await failed;
  expect(problem.exitCode).toBe(EXIT.notConfigured);
  expect(problem.next).toContain('aws sso login');
});

test('a local port that is taken leaves no session', async () => {
  const { port } = greeter.address() as AddressInfo;
  await expect(open(port)).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use`);
  expect(ended()).toEqual(['eva-0']);
});

test('an agent that is not connected is waited for', async () => {
  ssm.on(StartSessionCommand).rejectsOnce(failure('TargetNotConnected')).callsFake(grant);
  const { port } = await open();
  expect(await greeting(port)).toBe('hello');
});
