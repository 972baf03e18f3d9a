/** Which client opens a session: ours, the official plugin when asked for, or when ours cannot begin one. */
import { SSMClient, StartSessionCommand, TerminateSessionCommand } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Tunnel } from '../../../cli/connect/tunnel';
import { EXIT } from '../../../contract/exit-codes';
import { type LabSession, openSession } from '../../../lab/session';
import { fakeContext } from '../support';

const ssm = mockClient(SSMClient);
const BOX = 'i-0123456789abcdef0';
const NEWEST = '1.2.814.0';

let directory: string;
let said: string[];
let sessions: LabSession[];

/** A program of the plugin's name: notes what it is told, says that it listens, and ends when it is told to. */
function install(version: string, does = 'echo "Port 4711 opened for sessionId x."; exec sleep 600'): void {
  const file = join(directory, 'session-manager-plugin');
  const script = [
    '#!/bin/sh',
    `[ "$1" = --version ] && { echo ${version}; exit; }`,
    `printf '%s\\n' "$@" > ${directory}/words`,
    `printf '%s' "$AWS_SSM_START_SESSION_RESPONSE" > ${directory}/response`,
    does,
  ];
  writeFileSync(file, script.join('\n'));
  chmodSync(file, 0o755);
}

const ended = (): (string | undefined)[] =>
  ssm.commandCalls(TerminateSessionCommand).map((call) => call.args[0].input.SessionId);

function open(plugin?: boolean, profile?: string): Promise<Tunnel> {
  const context = fakeContext({
    environment: {
      PATH: [directory, '/bin', '/usr/bin'].join(delimiter),
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    },
    profile,
  });
  jest.spyOn(context.ui, 'warn').mockImplementation((line) => said.push(line));
  const request = { instanceId: BOX, documentName: 'Connect', parameters: { host: 'cache' }, localPort: 0 };
  return Tunnel.open(context, { ...request, ...(plugin === undefined ? {} : { plugin }) });
}

/** Sessions whose channel nobody begins: the service refuses the action that the agent asks for. */
async function beyondUs(): Promise<object> {
  const sessionId = `eva-${sessions.length}`;
  const session = await openSession({ sessionId, token: 'secret', sessionType: 'Hologram', properties: {} });
  sessions.push(session);
  return { SessionId: sessionId, StreamUrl: session.streamUrl, TokenValue: 'secret' };
}

beforeEach(() => {
  ssm.reset();
  [said, sessions] = [[], []];
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-plugin-'));
  ssm.on(StartSessionCommand).callsFake(beyondUs);
  ssm.on(TerminateSessionCommand).resolves({});
  process.env.AWS_ACCESS_KEY_ID = 'test';
  process.env.AWS_SECRET_ACCESS_KEY = 'test';
});
afterEach(async () => {
  for (const session of sessions) await session.close();
  rmSync(directory, { recursive: true });
});

test('where no session begins, the plugin gets one of its own, and one line says so', async () => {
  install(NEWEST);
  const tunnel = await open();
  expect(tunnel.port).toBe(4711);
  expect(said).toEqual([
    `The session document has the type "Hologram"; known are Standard_Stream, InteractiveCommands, NonInteractiveCommands, Port. session-manager-plugin ${NEWEST} is used instead.`,
  ]);
  expect(ended()).toEqual(['eva-0']);
  await tunnel.close();
  expect(ended()).toEqual(['eva-0', 'eva-1']);
});

test('asked for, it is the only one, and learns everything but its token from its words', async () => {
  install(NEWEST);
  const tunnel = await open(true, 'work');
  await tunnel.close();
  expect(said).toEqual([]);
  expect(ssm.commandCalls(StartSessionCommand).map((call) => call.args[0].input.Parameters)).toEqual([
    { host: ['cache'], localPortNumber: ['0'] },
  ]);
  expect(readFileSync(join(directory, 'words'), 'utf8').trim().split('\n')).toEqual([
    'AWS_SSM_START_SESSION_RESPONSE',
    'eu-west-1',
    'StartSession',
    'work',
    `{"Target":"${BOX}"}`,
    'http://127.0.0.1:9',
  ]);
  expect(JSON.parse(readFileSync(join(directory, 'response'), 'utf8'))).toEqual({
    SessionId: 'eva-0',
    StreamUrl: sessions[0]?.streamUrl,
    TokenValue: 'secret',
  });
  expect(ended()).toEqual(['eva-0']);
});

test('one that ends before its port is open is a sentence, and leaves no session', async () => {
  install(NEWEST, 'echo; echo "SessionManagerPlugin cannot do this" >&2; exit 3');
  await expect(open(true)).rejects.toMatchObject({
    exitCode: EXIT.unavailable,
    message: 'session-manager-plugin has ended: SessionManagerPlugin cannot do this',
  });
  expect(ended()).toEqual(['eva-0']);
});

test.each([
  ['none', undefined, 'There is no session-manager-plugin on this machine.'],
  [
    'one that wants the token on its command line',
    '1.2.497.0',
    'session-manager-plugin 1.2.497.0 takes its token on the command line, where every process can read it.',
  ],
])(
  'with %s, asking for it is refused, and without asking our own error stands',
  async (_, version, message) => {
    if (version !== undefined) install(version);
    await expect(open(true)).rejects.toMatchObject({ exitCode: EXIT.wrongTools, message });
    expect(ssm.commandCalls(StartSessionCommand)).toEqual([]);
    await expect(open()).rejects.toMatchObject({ name: 'SessionError', code: 'unsupported' });
    expect(ended()).toEqual(['eva-0']);
  },
);

test('what the service refuses is not tried with another client', async () => {
  install(NEWEST);
  ssm.on(StartSessionCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
  await expect(open()).rejects.toThrow('no');
  expect(ssm.commandCalls(StartSessionCommand)).toHaveLength(1);
});
