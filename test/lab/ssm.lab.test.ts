import { EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import {
  CancelCommandCommand,
  CreateDocumentCommand,
  DescribeInstanceInformationCommand,
  DescribeSessionsCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  SSMClient,
  StartSessionCommand,
  TerminateSessionCommand,
  type GetCommandInvocationCommandOutput,
  type SendCommandCommandInput,
} from '@aws-sdk/client-ssm';
import { startComputeLab, type ComputeLab } from './compute-lab';
import { eventually, inState, launch, makeRole } from './fixtures';

let lab: ComputeLab;
let ec2: EC2Client;
let ssm: SSMClient;
let box: string;

const named = (name: string): Error => expect.objectContaining({ name }) as Error;

async function pingOf(id: string): Promise<string | undefined> {
  const Filters = [{ Key: 'InstanceIds', Values: [id] }];
  const { InstanceInformationList } = await ssm.send(new DescribeInstanceInformationCommand({ Filters }));
  return InstanceInformationList?.[0]?.PingStatus;
}

const online = (id: string): Promise<true> =>
  eventually(async () => ((await pingOf(id)) === 'Online' ? true : undefined));

async function send(input: Omit<SendCommandCommandInput, 'InstanceIds'>): Promise<string> {
  const { Command } = await ssm.send(new SendCommandCommand({ InstanceIds: [box], ...input }));
  return Command?.CommandId ?? '';
}

const over = (CommandId: string): Promise<GetCommandInvocationCommandOutput> =>
  eventually(async () => {
    const answer = await ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: box }));
    return ['Pending', 'InProgress', 'Cancelling'].includes(answer.Status ?? '') ? undefined : answer;
  });

const run = async (commands: string[]): Promise<GetCommandInvocationCommandOutput> =>
  over(await send({ DocumentName: 'AWS-RunShellScript', Parameters: { commands } }));

const createDocument = (
  Name: string,
  DocumentType: 'Command' | 'Session',
  content: object,
): Promise<unknown> =>
  ssm.send(
    new CreateDocumentCommand({
      Name,
      DocumentType,
      DocumentFormat: 'JSON',
      // The emulator insists on a description, which AWS does not.
      Content: JSON.stringify({ description: Name, ...content }),
    }),
  );

beforeAll(async () => {
  lab = await startComputeLab();
  ec2 = new EC2Client(lab.access);
  ssm = new SSMClient(lab.access);
  await makeRole(lab, 'box');
  box = await launch(ec2, 'box', '#!/bin/bash\nsleep 1\necho "booted" > /var/booted\n');
  await online(box);
});

afterAll(async () => {
  ec2.destroy();
  ssm.destroy();
  await lab.stop();
});

describe('the agent', () => {
  it('is online before the scripts of the user data have ended, and cloud-init says when they have', async () => {
    const fresh = await launch(ec2, 'box', '#!/bin/bash\nsleep 1000\n');
    await online(fresh);
    const answer = await run(['cloud-init status --wait', 'cat /var/booted']);
    expect(answer.StandardOutputContent).toBe('status: done\nbooted\n');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [fresh] }));
    await inState(ec2, fresh, 'terminated');
    expect(await pingOf(fresh)).toBe('ConnectionLost');
  });

  it('never registers without a role', async () => {
    const none = await launch(ec2, 'box', '#!/bin/bash\n', { IamInstanceProfile: undefined });
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [none] }));
    await inState(ec2, none, 'terminated');
    expect(await pingOf(none)).toBeUndefined();
  });

  it('reports a failed boot with exit code 1', async () => {
    const failing = await launch(ec2, 'box', '#!/bin/bash\nexit 7\n');
    await online(failing);
    const { Command } = await ssm.send(
      new SendCommandCommand({
        InstanceIds: [failing],
        DocumentName: 'AWS-RunShellScript',
        Parameters: { commands: ['cloud-init status --wait'] },
      }),
    );
    const answer = await eventually(async () => {
      const one = await ssm.send(
        new GetCommandInvocationCommand({ CommandId: Command?.CommandId, InstanceId: failing }),
      );
      return one.Status === 'Failed' ? one : undefined;
    });
    expect(answer.StandardOutputContent).toBe('status: error\n');
    expect(answer.ResponseCode).toBe(1);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [failing] }));
    await inState(ec2, failing, 'terminated');
  });
});

describe('Run Command', () => {
  it('gives status, exit code and both streams', async () => {
    const good = await run(['echo out', 'echo err >&2']);
    expect(good).toMatchObject({
      Status: 'Success',
      ResponseCode: 0,
      StandardOutputContent: 'out\n',
      StandardErrorContent: 'err\n',
    });
    const bad = await run(['echo before', 'exit 42']);
    expect(bad).toMatchObject({ Status: 'Failed', ResponseCode: 42, StandardOutputContent: 'before\n' });
    expect(bad.StandardErrorContent).toContain('failed to run commands: exit status 42');
  });

  it('keeps the first 24,000 and 8,000 characters', async () => {
    const answer = await run([
      "head -c 30000 /dev/zero | tr '\\0' a",
      "head -c 30000 /dev/zero | tr '\\0' b >&2",
    ]);
    expect(answer.StandardOutputContent).toHaveLength(24_000);
    expect(answer.StandardErrorContent).toHaveLength(8_000);
  });

  it('hands a parameter over as a variable, which no text can break out of', async () => {
    await createDocument('variables', 'Command', {
      schemaVersion: '2.2',
      parameters: {
        text: { type: 'String', interpolationType: 'ENV_VAR' },
        plain: { type: 'String', default: 'by default', allowedPattern: '[a-z ]*' },
      },
      mainSteps: [
        {
          action: 'aws:runShellScript',
          name: 'show',
          inputs: { runCommand: ['echo "$SSM_text"', "echo '{{ plain }}'"] },
        },
      ],
    });
    const hostile = '"; $(touch /var/broken) `id` {{ plain }}';
    const answer = await over(await send({ DocumentName: 'variables', Parameters: { text: [hostile] } }));
    expect(answer.StandardOutputContent).toBe(`${hostile}\nby default\n`);
    await expect(send({ DocumentName: 'variables' })).rejects.toThrow(named('InvalidParameters'));
    await expect(
      send({ DocumentName: 'variables', Parameters: { text: ['x'], plain: ['NOT ALLOWED'] } }),
    ).rejects.toThrow(named('InvalidParameters'));
    await expect(
      send({ DocumentName: 'variables', Parameters: { text: ['x'], other: ['x'] } }),
    ).rejects.toThrow(named('InvalidParameters'));
  });

  it('stops a step at its timeout, with everything it started', async () => {
    await createDocument('slow', 'Command', {
      schemaVersion: '2.2',
      mainSteps: [
        {
          action: 'aws:runShellScript',
          name: 'slow',
          inputs: { timeoutSeconds: '1', runCommand: ['sleep 1000'] },
        },
        { action: 'aws:runShellScript', name: 'next', inputs: { runCommand: ['echo never'] } },
      ],
    });
    const answer = await over(await send({ DocumentName: 'slow' }));
    expect(answer).toMatchObject({
      Status: 'TimedOut',
      StatusDetails: 'ExecutionTimedOut',
      ResponseCode: 137,
    });
    expect(answer.StandardOutputContent).not.toContain('never');
  });

  it('cancels', async () => {
    const CommandId = await send({
      DocumentName: 'AWS-RunShellScript',
      Parameters: { commands: ['sleep 1000'] },
    });
    await ssm.send(new CancelCommandCommand({ CommandId }));
    expect((await over(CommandId)).Status).toBe('Cancelled');
    const { CommandInvocations } = await ssm.send(
      new ListCommandInvocationsCommand({ CommandId, Details: true }),
    );
    expect(CommandInvocations?.[0]).toMatchObject({ InstanceId: box, Status: 'Cancelled' });
  });

  it('refuses unknown documents and instances that are not online', async () => {
    await expect(send({ DocumentName: 'no-such-document' })).rejects.toThrow(named('InvalidDocument'));
    await expect(
      ssm.send(
        new SendCommandCommand({
          InstanceIds: ['i-00000000000000000'],
          DocumentName: 'AWS-RunShellScript',
          Parameters: { commands: ['id'] },
        }),
      ),
    ).rejects.toThrow(named('InvalidInstanceId'));
    await expect(
      ssm.send(
        new GetCommandInvocationCommand({
          CommandId: '00000000-0000-0000-0000-000000000000',
          InstanceId: box,
        }),
      ),
    ).rejects.toThrow(named('InvocationDoesNotExist'));
  });

  it('stays in progress when the box goes away under it', async () => {
    const other = await launch(ec2, 'box', '#!/bin/bash\n');
    await online(other);
    const { Command } = await ssm.send(
      new SendCommandCommand({
        InstanceIds: [other],
        DocumentName: 'AWS-RunShellScript',
        Parameters: { commands: ['sleep 1000'] },
      }),
    );
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [other] }));
    await inState(ec2, other, 'terminated');
    const answer = await ssm.send(
      new GetCommandInvocationCommand({ CommandId: Command?.CommandId, InstanceId: other }),
    );
    expect(answer).toMatchObject({ Status: 'InProgress', ResponseCode: -1 });
  });
});

describe('Session Manager', () => {
  it('checks target, document and parameters, and keeps a record', async () => {
    await createDocument('tunnel', 'Session', {
      schemaVersion: '1.0',
      sessionType: 'Port',
      parameters: { localPortNumber: { type: 'String', default: '0', allowedPattern: '^[0-9]{1,5}$' } },
      properties: {
        portNumber: '5432',
        type: 'LocalPortForwarding',
        localPortNumber: '{{ localPortNumber }}',
      },
    });
    const start = (more: object): Promise<unknown> =>
      ssm.send(new StartSessionCommand({ Target: box, DocumentName: 'tunnel', ...more }));
    await expect(start({ Target: 'i-00000000000000000' })).rejects.toThrow(named('TargetNotConnected'));
    await expect(start({ DocumentName: 'none' })).rejects.toThrow(named('InvalidDocument'));
    await expect(start({ DocumentName: 'AWS-RunShellScript' })).rejects.toThrow(named('InvalidDocument'));
    await expect(start({ Parameters: { localPortNumber: ['x'] } })).rejects.toThrow(
      named('InvalidParameters'),
    );
    const { SessionId, StreamUrl, TokenValue } = await ssm.send(
      new StartSessionCommand({ Target: box, DocumentName: 'tunnel', Reason: 'a look' }),
    );
    expect(StreamUrl).toContain(SessionId);
    expect(TokenValue).not.toBe('');
    const active = await ssm.send(new DescribeSessionsCommand({ State: 'Active' }));
    expect(active.Sessions).toMatchObject([
      { SessionId, Target: box, Reason: 'a look', Status: 'Connected' },
    ]);
    await ssm.send(new TerminateSessionCommand({ SessionId }));
    const history = await ssm.send(new DescribeSessionsCommand({ State: 'History' }));
    expect(history.Sessions).toMatchObject([{ SessionId, Status: 'Terminated' }]);
  });
});
