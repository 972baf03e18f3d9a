import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SSMClient, StartSessionCommand } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { EXIT } from '../../../contract/exit-codes';
import { drawbridge, stackAnswer } from '../support';

const cloudFormation = mockClient(CloudFormationClient);
const ec2 = mockClient(EC2Client);
const lambda = mockClient(LambdaClient);
const ssm = mockClient(SSMClient);

const BOX = 'i-0123456789abcdef0';

beforeEach(() => {
  for (const mock of [cloudFormation, ec2, lambda, ssm]) mock.reset();
  cloudFormation.on(DescribeStacksCommand).resolves(
    stackAnswer({
      CreateFunctionName: 'create',
      ConnectDocumentName: 'Connect',
      DatabaseEngine: 'postgres',
      DatabaseEndpoint: 'db.example',
      DatabasePort: '5432',
      DatabaseName: 'app',
      DatabaseSecretArn: 'secret',
    }),
  );
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
});

test.each([
  [['--host', 'x'], '--host and --port belong together'],
  [['--port', '1'], '--host and --port belong together'],
  [['--iam'], '--iam needs --user'],
  [['--target', 'nonsense'], 'host:port'],
  [['--target', 'a:99999'], 'a port from 0'],
  [['--client', '--', 'psql'], 'exclude each other'],
  [['--host', 'x', '--port', '1', 'app'], 'takes the place of the database'],
  [['--target', 'cache:6379'], 'setting accessTargets'],
  [['--local-port', '70000'], 'a port from 0'],
  [['--via', 'tunnel'], 'Allowed choices are jump-host, box'],
  [['--box', 'web-1'], 'an instance id'],
  [['--box', BOX], `${BOX} is no box of drawbridge`],
  [['--via', 'jump-host'], 'has no jump host'],
])('connect %j is refused, and nothing is opened', async (words, says) => {
  const ran = await drawbridge(['connect', ...words]);
  expect([EXIT.usage, EXIT.notFound]).toContain(ran.code);
  expect(ran.stdout).toBe('');
  expect(ran.stderr).toContain(says);
  expect(lambda.calls()).toHaveLength(0);
  expect(ssm.commandCalls(StartSessionCommand)).toHaveLength(0);
});

test('what IAM refuses is a sentence, and the files with the password go', async () => {
  ec2.on(DescribeInstancesCommand).rejects(
    Object.assign(new Error('You are not authorized to perform this operation.'), {
      name: 'UnauthorizedOperation',
    }),
  );
  const ran = await drawbridge(['connect']);
  expect(ran.code).toBe(EXIT.notAllowed);
  expect(ran.stderr).toContain('drawbridge policy operator');
});
