/** What `connect` asks of AWS before an open box's database is on localhost: it must not creep up. See docs/access.md. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  GetParameterCommand,
  SSMClient,
  StartSessionCommand,
  TerminateSessionCommand,
} from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { type LabSession, openSession } from '../../../lab/session';
import { drawbridge, stackAnswer } from '../support';

const BOX = 'i-0123456789abcdef0';
const mocks = {
  cloudFormation: mockClient(CloudFormationClient),
  ec2: mockClient(EC2Client),
  secrets: mockClient(SecretsManagerClient),
  ssm: mockClient(SSMClient),
  sts: mockClient(STSClient),
};

/** Begin and end of each call, in order. */
let order: string[];
let session: LabSession;

/** Answers once `together` calls are being waited for: calls that follow each other would wait for ever. */
function gate(together: number): <T>(name: string, answer: T) => () => Promise<T> {
  let waiting = 0;
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return (name, answer) => async () => {
    order.push(`${name} …`);
    waiting += 1;
    if (waiting === together) open();
    await opened;
    order.push(name);
    return answer;
  };
}

beforeEach(async () => {
  order = [];
  for (const mock of Object.values(mocks)) mock.reset();
  process.env.AWS_ACCESS_KEY_ID = 'test';
  process.env.AWS_SECRET_ACCESS_KEY = 'test';
  session = await openSession({
    sessionId: 'eva-0',
    token: 'first',
    sessionType: 'Port',
    properties: { type: 'LocalPortForwarding', host: '127.0.0.1', portNumber: '9' },
  });
});
afterEach(() => session.close());

test('connect to an open box: five calls in three rounds, then the channel', async () => {
  const [alone, atOnce, last] = [gate(1), gate(3), gate(1)];
  const stack = stackAnswer({
    ConnectDocumentName: 'Connect',
    DatabaseEngine: 'postgres',
    DatabaseEndpoint: 'db.example',
    DatabasePort: '5432',
    DatabaseName: 'app',
    DatabaseSecretArn: 'secret',
    DatabaseCaParameterName: 'authorities',
    JumpHostGroupName: 'group',
  });
  const box = {
    InstanceId: BOX,
    State: { Name: 'running' as const },
    LaunchTime: new Date(Date.now() - 3_600_000),
    Tags: [{ Key: 'drawbridge:purpose', Value: 'access' }],
  };
  mocks.cloudFormation.on(DescribeStacksCommand).callsFake(alone('stack', stack));
  mocks.ec2.on(DescribeInstancesCommand).callsFake(atOnce('boxes', { Reservations: [{ Instances: [box] }] }));
  mocks.secrets
    .on(GetSecretValueCommand)
    .callsFake(atOnce('secret', { SecretString: '{"username":"drawbridge","password":"x"}' }));
  mocks.ssm.on(GetParameterCommand).callsFake(atOnce('authorities', { Parameter: { Value: '' } }));
  const granted = { SessionId: 'eva-0', StreamUrl: session.streamUrl, TokenValue: 'first' };
  mocks.ssm.on(StartSessionCommand).callsFake(last('session', granted));
  mocks.ssm.on(TerminateSessionCommand).callsFake(last('end', {}));

  const ran = await drawbridge(['connect', '--', process.execPath, '-e', '0']);

  expect(ran).toMatchObject({ code: 0, stderr: '' });
  const rounds = [['stack'], ['authorities', 'boxes', 'secret'], ['session'], ['end']];
  for (const round of rounds) {
    const events = order.splice(0, round.length * 2);
    expect(events.slice(0, round.length).sort()).toEqual(round.map((name) => `${name} …`));
    expect(events.slice(round.length).sort()).toEqual(round);
  }
  expect(order).toEqual([]);
  expect(mocks.sts.calls()).toEqual([]);
});
