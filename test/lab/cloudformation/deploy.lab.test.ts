import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  type Stack,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceTerminated,
} from '@aws-sdk/client-ec2';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetBucketPolicyCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLab, type RunningLab } from '../../../lab/start';
import { synthSample, type SampleOptions } from './sample-app';

const CDK = join(__dirname, '..', '..', '..', 'node_modules', 'aws-cdk', 'bin', 'cdk');
const IMAGE = 'ami-0abcdef1234567890';

let lab: RunningLab;
let work: string;
let cloudFormation: CloudFormationClient;
let ec2: EC2Client;
let s3: S3Client;
let ssm: SSMClient;
let access: {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
};

/** Runs the CDK's own command line; its output, or an error with it. */
async function cdk(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [CDK, ...args], {
    cwd: work,
    env: { ...process.env, ...lab.environment, CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`cdk ${args.join(' ')} ended with ${String(code)}:\n${output}`);
  return output;
}

const deploy = (options: SampleOptions, ...more: string[]): Promise<string> =>
  cdk('deploy', '--app', synthSample(work, options), '--require-approval', 'never', ...more);

async function stackOf(name: string): Promise<Stack> {
  const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
  if (stack === undefined) throw new Error(`no stack ${name}`);
  return stack;
}

async function outputs(): Promise<Record<string, string | undefined>> {
  const { Outputs = [] } = await stackOf('sample');
  return Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue }) => [OutputKey, OutputValue]));
}

/** Oldest first. */
async function events(name: string): Promise<StackEvent[]> {
  const { StackEvents = [] } = await cloudFormation.send(new DescribeStackEventsCommand({ StackName: name }));
  return StackEvents.reverse();
}

/** Waits until no operation is under way; the test's own timeout is the limit. */
async function settled(name: string): Promise<Stack> {
  for (;;) {
    const stack = await stackOf(name);
    if (!String(stack.StackStatus).endsWith('IN_PROGRESS')) return stack;
    await sleep(50);
  }
}

const valueOf = async (): Promise<string | undefined> =>
  (await ssm.send(new GetParameterCommand({ Name: '/sample/value' }))).Parameter?.Value;

async function create(name: string, resources: object): Promise<Stack> {
  const TemplateBody = JSON.stringify({ Resources: resources });
  const { StackId = '' } = await cloudFormation.send(
    new CreateStackCommand({ StackName: name, TemplateBody }),
  );
  return settled(StackId);
}

const failures = async (id: string | undefined): Promise<string> =>
  (await events(id ?? ''))
    .filter(({ ResourceStatus }) => String(ResourceStatus).endsWith('FAILED'))
    .map(
      ({ LogicalResourceId, ResourceStatusReason }) =>
        `${LogicalResourceId ?? ''}: ${ResourceStatusReason ?? ''}`,
    )
    .join('\n');

beforeAll(async () => {
  lab = await startLab();
  work = mkdtempSync(join(tmpdir(), 'drawbridge-test-'));
  access = {
    endpoint: lab.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
  };
  cloudFormation = new CloudFormationClient(access);
  ec2 = new EC2Client(access);
  s3 = new S3Client({ ...access, forcePathStyle: true });
  ssm = new SSMClient(access);
});

afterAll(async () => {
  await lab.stop();
  rmSync(work, { recursive: true, force: true });
});

/** The parts build upon one another: one stack from its creation to its end. */
describe('a stack, by the CDK command line', () => {
  it('is bootstrapped and deployed, in order, with its outputs', async () => {
    await cdk('bootstrap', 'aws://123456789012/eu-west-1');
    await deploy({});
    const found = await outputs();
    expect(found).toMatchObject({ Answer: 'Create well', SizeOut: '3' });
    expect(found.SubnetIpv6).toMatch(/::\/64$/);
    expect(found.SubnetIpv6?.split(':').slice(0, 3)).toEqual(found.VpcIpv6?.split(':').slice(0, 3));
    const done = (await events('sample')).filter(
      ({ ResourceStatus }) => ResourceStatus === 'CREATE_COMPLETE',
    );
    const ids = done.map(({ LogicalResourceId }) => LogicalResourceId);
    for (const [before, after] of [
      ['Vpc', 'Ipv6'],
      ['Ipv6', 'Subnet'],
      ['Vpc', 'Group'],
      ['Subnet', 'sample'],
    ])
      expect(ids.indexOf(before)).toBeLessThan(ids.indexOf(after));
  });

  it('hands custom resources every scalar as text', async () => {
    const { Properties = '' } = await outputs();
    expect(JSON.parse(Properties)).toMatchObject({ Wish: 'well', Count: '3', Deep: { On: 'true' } });
  });

  it('keeps policies of buckets readable, and tags what it makes', async () => {
    const { BucketName, SubnetId = '' } = await outputs();
    const { Policy = '' } = await s3.send(new GetBucketPolicyCommand({ Bucket: BucketName }));
    expect(Policy).toContain('aws:SecureTransport');
    const { Subnets: [subnet] = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [SubnetId] }));
    expect(subnet?.Tags).toContainEqual({ Key: 'owner', Value: 'test' });
    expect(subnet?.AssignIpv6AddressOnCreation).toBe(true);
  });

  it('has nothing to do when nothing changed', async () => {
    expect(await deploy({}, '--force')).toContain('(no changes)');
  });

  it('shows what a change would do', async () => {
    const app = synthSample(work, { value: 'two', groupDescription: 'second' });
    const output = await cdk('diff', '--app', app);
    expect(output).toMatch(/AWS::EC2::SecurityGroup Group .*replace/);
    expect(output).toMatch(/\[~\] AWS::SSM::Parameter/);
    expect(await valueOf()).toBe('one');
  });

  it('changes in place what can be, replaces what cannot, and removes what left', async () => {
    const before = await outputs();
    await deploy(
      { value: 'two', groupDescription: 'second', withTopic: false, wish: 'more' },
      '--method=direct',
    );
    const after = await outputs();
    expect(await valueOf()).toBe('two');
    expect(after.Answer).toBe('Update more');
    expect(after.SubnetId).toBe(before.SubnetId);
    expect(after.GroupId).not.toBe(before.GroupId);
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
    const ids = SecurityGroups.map(({ GroupId }) => GroupId);
    expect(ids).toContain(after.GroupId);
    expect(ids).not.toContain(before.GroupId);
    const { Topics = [] } = await new SNSClient(access).send(new ListTopicsCommand({}));
    expect(Topics).toEqual([]);
    expect((await stackOf('sample')).StackStatus).toBe('UPDATE_COMPLETE');
  });

  it('takes everything back when a custom resource fails, and says why', async () => {
    const before = await outputs();
    await expect(deploy({ value: 'three', groupDescription: 'third', wish: 'fail please' })).rejects.toThrow(
      'the wish was fail please',
    );
    expect((await stackOf('sample')).StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(await valueOf()).toBe('two');
    expect(await outputs()).toEqual(before);
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
    expect(SecurityGroups.map(({ Description }) => Description)).not.toContain('third');
  });

  it('is not destroyed while somebody stands in its network, and says so', async () => {
    const { SubnetId, GroupId = '' } = await outputs();
    const { Instances: [box] = [] } = await ec2.send(
      new RunInstancesCommand({
        ImageId: IMAGE,
        InstanceType: 't4g.micro',
        SubnetId,
        MinCount: 1,
        MaxCount: 1,
      }),
    );
    const id = box?.InstanceId ?? '';
    const { GroupId: foreign } = await ec2.send(
      new CreateSecurityGroupCommand({ GroupName: 'foreign', Description: 'foreign', VpcId: box?.VpcId }),
    );
    await ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: foreign,
        IpPermissions: [{ IpProtocol: 'tcp', FromPort: 1, ToPort: 1, UserIdGroupPairs: [{ GroupId }] }],
      }),
    );
    const app = synthSample(work);
    await expect(cdk('destroy', '--app', app, '--force')).rejects.toThrow(/DELETE_FAILED/);
    const { StackId } = await stackOf('sample');
    const reasons = await failures(StackId);
    expect(reasons).toMatch(/Subnet: .*has dependencies and cannot be deleted.*DependencyViolation/);
    expect(reasons).toMatch(/Group: .*DependencyViolation/);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await waitUntilInstanceTerminated({ client: ec2, maxWaitTime: 60, minDelay: 1 }, { InstanceIds: [id] });
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: foreign }));
  });

  it('is destroyed, but for what is to stay', async () => {
    const { BucketName } = await outputs();
    const { StackId = '' } = await stackOf('sample');
    await cdk('destroy', '--app', synthSample(work), '--force');
    expect((await stackOf(StackId)).StackStatus).toBe('DELETE_COMPLETE');
    const skipped = (await events(StackId)).filter(
      ({ ResourceStatus }) => ResourceStatus === 'DELETE_SKIPPED',
    );
    expect(skipped.map(({ PhysicalResourceId }) => PhysicalResourceId)).toContain(BucketName);
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name)).toContain(BucketName);
    await expect(valueOf()).rejects.toThrow(ParameterNotFound);
    const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
    expect(Vpcs.every(({ IsDefault }) => IsDefault)).toBe(true);
    const { Functions = [] } = await new LambdaClient(access).send(new ListFunctionsCommand({}));
    expect(Functions).toEqual([]);
    const { Roles = [] } = await new IAMClient(access).send(new ListRolesCommand({}));
    expect(Roles.filter(({ RoleName = '' }) => RoleName.startsWith('sample-'))).toEqual([]);
  });
});

describe('a deployment that cannot be', () => {
  const topic = { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'made-first' } };

  it('is refused before it begins when the lab does not know a type', async () => {
    const attempt = create('unknown', { A: topic, B: { Type: 'AWS::EC2::NatGateway' } });
    await expect(attempt).rejects.toThrow('Unrecognized resource types: [AWS::EC2::NatGateway]');
    await expect(stackOf('unknown')).rejects.toThrow('Stack with id unknown does not exist');
  });

  it('is rolled back when a property is unknown, and names it', async () => {
    const bad = { Type: 'AWS::SQS::Queue', DependsOn: 'A', Properties: { Colour: 'red' } };
    const kept = { ...topic, DeletionPolicy: 'RetainExceptOnCreate' };
    const stack = await create('property', { A: kept, B: bad });
    expect(stack.StackStatus).toBe('ROLLBACK_COMPLETE');
    expect(await failures(stack.StackId)).toContain('B: Encountered unsupported property Colour');
    const { Topics = [] } = await new SNSClient(access).send(new ListTopicsCommand({}));
    expect(Topics).toEqual([]);
  });

  it('is rolled back when an API refuses, with the words of the API', async () => {
    const bad = { Type: 'AWS::EC2::Subnet', Properties: { VpcId: 'vpc-none', CidrBlock: '10.0.0.0/24' } };
    const stack = await create('refused', { A: bad });
    expect(stack.StackStatus).toBe('ROLLBACK_COMPLETE');
    expect(await failures(stack.StackId)).toMatch(
      /A: Resource handler returned message: .*InvalidVpcID\.NotFound/,
    );
  });

  it('is refused for wrong parameters, circles and missing references', async () => {
    await expect(
      create('circle', { A: { ...topic, DependsOn: 'B' }, B: { ...topic, DependsOn: 'A' } }),
    ).rejects.toThrow('Circular dependency');
    await expect(create('missing', { A: { ...topic, DependsOn: 'C' } })).rejects.toThrow(
      'Unresolved resource dependencies [C]',
    );
    const TemplateBody = JSON.stringify({ Parameters: { P: { Type: 'String' } }, Resources: { A: topic } });
    await expect(
      cloudFormation.send(new CreateStackCommand({ StackName: 'parameter', TemplateBody })),
    ).rejects.toThrow('Parameters: [P] must have values');
  });

  it('leaves a stack that can be listed and deleted', async () => {
    const { StackResourceSummaries = [] } = await cloudFormation.send(
      new ListStackResourcesCommand({ StackName: 'refused' }),
    );
    expect(StackResourceSummaries).toEqual([]);
    await cloudFormation.send(new DeleteStackCommand({ StackName: 'refused' }));
    await expect(settled('refused')).rejects.toThrow('does not exist');
  });
});
