import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { createServer } from 'node:net';
import { EXIT } from '../../../contract/exit-codes';
import { drawbridge, stackAnswer } from '../support';

const cloudFormation = mockClient(CloudFormationClient);
const cloudTrail = mockClient(CloudTrailClient);
const ec2 = mockClient(EC2Client);
const lambda = mockClient(LambdaClient);
const secrets = mockClient(SecretsManagerClient);
const ssm = mockClient(SSMClient);
const sts = mockClient(STSClient);

const BOX = 'i-0123456789abcdef0';
const named = (name: string, message = name): Error => Object.assign(new Error(message), { name });

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly next?: string;
}

function stackIs(StackStatus: 'CREATE_COMPLETE' | 'UPDATE_ROLLBACK_FAILED'): void {
  cloudFormation.on(DescribeStacksCommand).resolves(
    stackAnswer(
      {
        CreateFunctionName: 'create',
        DestroyFunctionName: 'destroy',
        ConnectDocumentName: 'Connect',
        DatabaseSecretArn: 'secret',
        OperatorPolicyArn: 'arn:operator',
        AuditorPolicyArn: 'arn:auditor',
      },
      { StackStatus },
    ),
  );
}

beforeEach(() => {
  for (const mock of [cloudFormation, cloudTrail, ec2, lambda, secrets, ssm, sts]) mock.reset();
  stackIs('CREATE_COMPLETE');
  sts.on(GetCallerIdentityCommand).resolves({ Arn: 'arn:aws:iam::1:user/eva' });
  lambda.on(InvokeCommand).resolves({ StatusCode: 204 });
  secrets.on(GetSecretValueCommand).resolves({ SecretString: '{"username":"drawbridge","password":"x"}' });
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
});

async function findings(words: readonly string[] = []) {
  const ran = await drawbridge(['doctor', '--json', ...words]);
  return { code: ran.code, found: ran.json() as Finding[] };
}

test('all is well where only a box is missing', async () => {
  const { code, found } = await findings();
  expect(code).toBe(0);
  expect(found.map(({ check, status }) => `${check}: ${status}`)).toEqual([
    'region: ok',
    'credentials: ok',
    'clock: ok',
    'stack: ok',
    'permission to open boxes: ok',
    'permission to log in: ok',
    'local port: ok',
    'agent: skipped',
    'tunnel to the database: skipped',
  ]);
  // Nothing was run to find that out.
  for (const call of lambda.commandCalls(InvokeCommand))
    expect(call.args[0].input.InvocationType).toBe('DryRun');
});

test.each([
  ['credentials', () => sts.on(GetCallerIdentityCommand).rejects(named('ExpiredToken')), 'Sign in again'],
  [
    'stack',
    () => cloudFormation.on(DescribeStacksCommand).rejects(named('ValidationError', 'Stack does not exist')),
    '--stack',
  ],
  [
    'stack',
    () => {
      stackIs('UPDATE_ROLLBACK_FAILED');
    },
    'Deploy it again',
  ],
  [
    'permission to open boxes',
    () => lambda.on(InvokeCommand).rejects(named('AccessDeniedException')),
    'policy operator',
  ],
  [
    'permission to log in',
    () => secrets.on(GetSecretValueCommand).rejects(named('AccessDeniedException')),
    'policy operator',
  ],
  [
    'agent',
    () => {
      ec2.on(DescribeInstancesCommand).resolves({
        Reservations: [
          {
            Instances: [
              {
                InstanceId: BOX,
                State: { Name: 'running' },
                Tags: [{ Key: 'drawbridge:purpose', Value: 'access' }],
              },
            ],
          },
        ],
      });
      ssm.on(DescribeInstanceInformationCommand).resolves({
        InstanceInformationList: [{ InstanceId: BOX, PingStatus: 'ConnectionLost' }],
      });
    },
    'drawbridge close',
  ],
])('broken %s is found, and what to do is said', async (check, spoil, next) => {
  spoil();
  const { code, found } = await findings();
  expect(code).toBe(EXIT.failed);
  const broken = found.filter(({ status }) => status === 'broken');
  expect(broken.map((one) => one.check)).toEqual([check]);
  expect(broken[0]?.next).toContain(next);
});

test('a busy port is found', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const { code, found } = await findings(['--local-port', String(port)]);
  server.close();
  expect(code).toBe(EXIT.failed);
  expect(found.find(({ check }) => check === 'local port')?.message).toContain(`Port ${port}`);
});

describe('policy', () => {
  test.each([
    ['operator', 'arn:operator'],
    ['auditor', 'arn:auditor'],
  ])('%s names the policy, and how to attach it', async (who, arn) => {
    const ran = await drawbridge(['policy', who]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain(`--policy-arn ${arn}`);
  });

  test('another word is refused', async () => {
    expect(await drawbridge(['policy', 'everybody'])).toMatchObject({ code: EXIT.usage, stdout: '' });
    expect((await drawbridge(['policy'])).code).toBe(EXIT.usage);
  });
});

describe('audit', () => {
  const event = (eventName: string, more: object) => ({
    CloudTrailEvent: JSON.stringify({
      eventName,
      eventTime: '2026-11-22T03:00:00Z',
      sourceIPAddress: '203.0.113.7',
      userIdentity: { arn: 'arn:aws:iam::1:user/eva' },
      ...more,
    }),
  });
  const lookUp = (name: string, events: { CloudTrailEvent: string }[]) =>
    cloudTrail
      .on(LookupEventsCommand, { LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: name }] })
      .resolves({ Events: events });

  test('shows sessions to this stack’s boxes, gone ones too, refused ones too, and nothing of others', async () => {
    cloudTrail.on(LookupEventsCommand).resolves({ Events: [] });
    lookUp('RunInstances', [
      event('RunInstances', { requestParameters: { tag: 'arn:stack' }, responseElements: { id: BOX } }),
    ]);
    lookUp('StartSession', [
      event('StartSession', {
        requestParameters: { target: BOX, documentName: 'AWS-StartSSHSession' },
        errorCode: 'AccessDenied',
      }),
      event('StartSession', {
        requestParameters: { target: 'i-00000000000000001', documentName: 'Connect' },
      }),
      event('StartSession', { requestParameters: { target: 'i-0fffffffffffffff0', documentName: 'Other' } }),
    ]);
    const all = (await drawbridge(['audit', '--json'])).json() as {
      what: string;
      refused: string | null;
      about: string;
    }[];
    expect(all.map(({ what, refused }) => [what, refused])).toEqual([
      ['box launched', null],
      ['session opened', 'AccessDenied'],
      ['session opened', null],
    ]);
    const refused = await drawbridge(['audit', '--refused']);
    expect(refused.stdout).toMatch(/REFUSED \(AccessDenied\) +eva +203\.0\.113\.7 +i-0123456789abcdef0/);
    expect(refused.stdout.trim().split('\n')).toHaveLength(2);
  });

  test.each([['0'], ['2161'], ['long']])('%s hours are refused', async (hours) => {
    expect((await drawbridge(['audit', '--hours', hours])).code).toBe(EXIT.usage);
  });
});
