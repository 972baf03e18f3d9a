import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import {
  BackupBucket,
  Encryption,
  EphemeralJumpbox,
  type EphemeralJumpboxProps,
  GivenNetwork,
  JumpHost,
  LifecycleFunctions,
  Retention,
  Workflow,
} from '../../lib';
import { stackWith } from './stack-with';
import { flat, readable, resourceOf, statementsOf, type TemplateJson } from './synth';

const CONTEXT = { '@aws-cdk/aws-iam:minimizePolicies': true, 'aws:cdk:bundling-stacks': [] };

/** Somebody else's stack with a VPC of its own. */
function someStack(): { readonly stack: Stack; readonly vpc: ec2.IVpc } {
  const stack = new Stack(new App({ context: CONTEXT }), 'orders');
  return { stack, vpc: new ec2.Vpc(stack, 'Vpc') as ec2.IVpc };
}

function withJumpbox(props: Partial<EphemeralJumpboxProps> = {}) {
  const { stack, vpc } = someStack();
  const jumpbox = new EphemeralJumpbox(stack, 'Jumpbox', { vpc, ...props });
  const json = (): TemplateJson => Template.fromStack(stack).toJSON() as TemplateJson;
  return { stack, vpc, jumpbox, json };
}

const environmentOf = (json: TemplateJson, entry: string): Record<string, unknown> =>
  (
    resourceOf(json, 'AWS::Lambda::Function', `JumpboxLifecycle${entry}Function`).Properties.Environment as {
      Variables: Record<string, unknown>;
    }
  ).Variables;

describe('an ephemeral jumpbox in somebody’s VPC', () => {
  test('is a launch template, four functions, one schedule and one drain, and makes no key, bucket or database', () => {
    const { stack } = withJumpbox();
    const template = Template.fromStack(stack);
    const counts = {
      'AWS::EC2::LaunchTemplate': 1,
      'AWS::Lambda::Function': 4,
      'AWS::Logs::LogGroup': 4,
      'AWS::Scheduler::Schedule': 1,
      'Custom::DrawbridgeDrain': 1,
      'AWS::KMS::Key': 0,
      'AWS::S3::Bucket': 0,
      'AWS::RDS::DBInstance': 0,
      'AWS::EC2::VPCEndpoint': 0,
    };
    for (const [type, count] of Object.entries(counts)) template.resourceCountIs(type, count);
  });

  test('takes the defaults of the settings of the same names', () => {
    expect(environmentOf(withJumpbox().json(), 'Create')).toMatchObject({
      DRAWBRIDGE_NAME: 'drawbridge',
      DRAWBRIDGE_TTL_MINUTES: '60',
      DRAWBRIDGE_MAX_TTL_MINUTES: '720',
      DRAWBRIDGE_MAX_BOXES: '5',
      DRAWBRIDGE_INSTANCE_TYPES: 't4g.micro,t4g.small,t4g.medium',
    });
  });

  test('has no inbound rule; goes out by HTTPS, and to what it is told', () => {
    const { stack, vpc, jumpbox, json } = withJumpbox();
    const database = new ec2.SecurityGroup(stack, 'Database', { vpc, allowAllOutbound: false });
    jumpbox.connections.allowTo(database, ec2.Port.tcp(5432));
    const box = resourceOf(json(), 'AWS::EC2::SecurityGroup', 'JumpboxBox');
    expect(box.Properties).not.toHaveProperty('SecurityGroupIngress');
    expect(box.Properties.SecurityGroupEgress).toMatchObject([
      { CidrIp: '0.0.0.0/0', FromPort: 443, ToPort: 443 },
    ]);
    const [ingress, ...others] = Object.values(json().Resources).filter(
      ({ Type }) => Type === 'AWS::EC2::SecurityGroupIngress',
    );
    expect(others).toEqual([]);
    expect(ingress?.Properties).toMatchObject({ FromPort: 5432, ToPort: 5432 });
    expect(readable(ingress?.Properties.GroupId)).toBe('{Database.GroupId}');
    expect(readable(ingress?.Properties.SourceSecurityGroupId)).toBe(
      '{JumpboxBoxBlueprintSecurityGroup.GroupId}',
    );
  });

  test('goes out by IPv6, agent included, where that is the way', () => {
    const json = withJumpbox({ ipv6: true }).json();
    expect(
      resourceOf(json, 'AWS::EC2::SecurityGroup', 'JumpboxBox').Properties.SecurityGroupEgress,
      // CDK's way to say: nothing by IPv4.
    ).toMatchObject([{ CidrIp: '255.255.255.255/32' }, { CidrIpv6: '::/0', FromPort: 443, ToPort: 443 }]);
    expect(userData(json)).toContain('{"Agent":{"UseDualStackEndpoint":true}}');
    expect(userData(withJumpbox().json())).toContain('{"Agent":{"UseDualStackEndpoint":false}}');
  });

  const userData = (json: TemplateJson): string => {
    const { LaunchTemplateData } = resourceOf(json, 'AWS::EC2::LaunchTemplate').Properties as {
      LaunchTemplateData: { UserData: unknown };
    };
    return flat(LaunchTemplateData.UserData);
  };

  test('tells its target in the create function, and needs none', () => {
    const told = withJumpbox({ target: { host: 'db.internal', port: 5433 } }).json();
    expect(environmentOf(told, 'Create')).toMatchObject({
      DRAWBRIDGE_DATABASE_HOST: 'db.internal',
      DRAWBRIDGE_DATABASE_PORT: '5433',
    });
    const untold = environmentOf(withJumpbox().json(), 'Create');
    expect(Object.keys(untold).filter((name) => name.includes('DATABASE'))).toEqual([]);
  });

  test('a box ends after maxTtlMinutes at the latest', () => {
    expect(userData(withJumpbox({ maxTtlMinutes: 90 }).json())).toContain('OnBootSec=90min');
  });

  test('drains before its own security group goes, and after what could open another box', () => {
    const { Resources } = withJumpbox().json();
    const [drain, ...others] = Object.entries(Resources).filter(
      ([, { Type }]) => Type === 'Custom::DrawbridgeDrain',
    );
    expect(others).toEqual([]);
    const [id, { DependsOn = [] }] = drain ?? ['', { Type: '', Properties: {} }];
    expect(DependsOn.filter((one) => one.startsWith('JumpboxBoxBlueprintSecurityGroup'))).toHaveLength(1);
    for (const [name, { Type, DependsOn: needs = [] }] of Object.entries(Resources))
      if (Type === 'AWS::Scheduler::Schedule' || /^JumpboxLifecycleCreateFunction/.test(name))
        expect(needs).toContain(id);
  });

  test('encrypts its functions’ logs with a key that is given', () => {
    const { stack, vpc } = someStack();
    new EphemeralJumpbox(stack, 'Jumpbox', { vpc, encryption: new Encryption(stack, 'Encryption') });
    for (const group of Object.values(Template.fromStack(stack).findResources('AWS::Logs::LogGroup')))
      expect(JSON.stringify(group)).toMatch(/"KmsKeyId":\{"Fn::GetAtt":\["EncryptionKey/);
  });

  test('names every property that is wrong, at once', () => {
    const make = () => withJumpbox({ ttlMinutes: 0, maxBoxes: 1.5, boxTypes: ['t3.micro'], name: 'No Name' });
    for (const property of ['ttlMinutes', 'maxBoxes', 'boxTypes', 'name'])
      expect(make).toThrow(new RegExp(`- ${property}`));
    expect(make).toThrow('properties of orders/Jumpbox');
    expect(() => withJumpbox({ ttlMinutes: 90, maxTtlMinutes: 60 })).toThrow(
      'must not be more than maxTtlMinutes',
    );
  });

  test('there is one in a stack: a second would end the boxes of the first', () => {
    const { stack, vpc } = withJumpbox();
    expect(() => new EphemeralJumpbox(stack, 'Second', { vpc })).toThrow(
      'orders/Jumpbox is in the same stack',
    );
  });
});

describe('grants', () => {
  const granted = (grant: (jumpbox: EphemeralJumpbox, role: iam.IRole) => unknown) => {
    const { stack, jumpbox, json } = withJumpbox();
    const role = new iam.Role(stack, 'Developer', { assumedBy: new iam.AccountRootPrincipal() });
    grant(jumpbox, role);
    return statementsOf(resourceOf(json(), 'AWS::IAM::Policy', 'DeveloperDefaultPolicy'));
  };

  test.each([
    ['grantOpen', 'Create'],
    ['grantClose', 'Destroy'],
  ] as const)('%s lets somebody invoke that function and nothing else', (grant, entry) => {
    const [statement, ...others] = granted((jumpbox, role) => jumpbox[grant](role));
    expect(others).toEqual([]);
    expect(statement?.Action).toBe('lambda:InvokeFunction');
    for (const arn of [statement?.Resource].flat())
      expect(readable(arn)).toMatch(new RegExp(`^\\{JumpboxLifecycle${entry}Function\\.Arn\\}(:\\*)?$`));
  });

  test('grantConnect: named documents, this stack’s boxes, own sessions', () => {
    const [boxes, kinds, own, ...others] = granted((jumpbox, role) => jumpbox.grantConnect(role));
    expect(others).toEqual([]);
    expect(boxes).toMatchObject({
      Action: 'ssm:StartSession',
      Condition: {
        StringEquals: {
          'ssm:resourceTag/drawbridge:stack': { Ref: 'AWS::StackId' },
          'ssm:resourceTag/drawbridge:purpose': 'access',
        },
        BoolIfExists: { 'ssm:SessionDocumentAccessCheck': 'true' },
      },
    });
    expect(readable(boxes?.Resource)).toMatch(/:instance\/\*$/);
    expect([kinds?.Resource].flat().map((arn) => flat(arn).split(':ssm:')[1])).toEqual([
      '{AWS::Region}:{AWS::AccountId}:document/SSM-SessionManagerRunShell',
      '{AWS::Region}::document/AWS-StartPortForwardingSessionToRemoteHost',
    ]);
    expect(own?.Condition).toEqual({
      StringLike: { 'ssm:resourceTag/aws:ssmmessages:session-id': '${aws:userid}*' },
    });
  });

  test('the role of boxes can be granted to', () => {
    const { jumpbox, stack } = withJumpbox();
    iam.Grant.addToPrincipal({ grantee: jumpbox, actions: ['s3:GetObject'], resourceArns: ['*'] });
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 's3:GetObject' })]) },
      Roles: [{ Ref: Match.stringLikeRegexp('^JumpboxBoxBlueprintRole') }],
    });
  });
});

test('metrics are those of the functions', () => {
  const { stack, jumpbox } = withJumpbox();
  const { create, sweep } = jumpbox.functions;
  expect(stack.resolve(create.metricErrors().toMetricConfig())).toMatchObject({
    metricStat: { namespace: 'AWS/Lambda', metricName: 'Errors', statistic: 'Sum' },
  });
  expect(sweep.metricInvocations().metricName).toBe('Invocations');
});

test('a jump host alone, with every default', () => {
  const { stack, vpc } = someStack();
  const host = new JumpHost(stack, 'Host', { network: new GivenNetwork({ vpc }) });
  const role = new iam.Role(stack, 'Developer', { assumedBy: new iam.AccountRootPrincipal() });
  host.grantBringUp(role);
  const json = Template.fromStack(stack).toJSON() as TemplateJson;
  expect(resourceOf(json, 'AWS::AutoScaling::AutoScalingGroup').Properties).toMatchObject({
    MinSize: '0',
    MaxSize: '1',
  });
  const [statement] = statementsOf(resourceOf(json, 'AWS::IAM::Policy', 'DeveloperDefaultPolicy'));
  expect(statement?.Action).toBe('autoscaling:SetDesiredCapacity');
  expect(readable(statement?.Resource)).toContain('HostGroup');
});

test('a bucket of backups alone, with every default; grantReadBackups reads, and neither writes nor deletes', () => {
  const { stack } = someStack();
  const { key } = new Encryption(stack, 'Encryption');
  const bucket = new BackupBucket(stack, 'Backups', { key });
  const role = new iam.Role(stack, 'Analyst', { assumedBy: new iam.AccountRootPrincipal() });
  bucket.grantReadBackups(role);
  const json = Template.fromStack(stack).toJSON() as TemplateJson;
  expect(resourceOf(json, 'AWS::S3::Bucket').Properties.ObjectLockConfiguration).toMatchObject({
    Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 7 } },
  });
  const granted = statementsOf(resourceOf(json, 'AWS::IAM::Policy', 'AnalystDefaultPolicy'));
  expect(granted.map(({ Action, Resource }) => [Action, readable(Resource)])).toEqual([
    ['s3:ListBucket', '{BackupsBucket.Arn}'],
    [['s3:GetObject', 's3:GetObjectVersion'], '{BackupsBucket.Arn}/backups/*'],
    ['kms:Decrypt', '{EncryptionKey.Arn}'],
  ]);
  expect(granted[0]?.Condition).toEqual({ StringLike: { 's3:prefix': 'backups/*' } });
});

test('grantConnect of a jump host: brings it up, and gets into no box', () => {
  const { stack, vpc } = someStack();
  const host = new JumpHost(stack, 'Host', { network: new GivenNetwork({ vpc }) });
  const role = new iam.Role(stack, 'Developer', { assumedBy: new iam.AccountRootPrincipal() });
  host.grantConnect(role);
  const json = Template.fromStack(stack).toJSON() as TemplateJson;
  const [up, session] = statementsOf(resourceOf(json, 'AWS::IAM::Policy', 'DeveloperDefaultPolicy'));
  expect(up?.Action).toBe('autoscaling:SetDesiredCapacity');
  expect(session).toMatchObject({
    Action: 'ssm:StartSession',
    Condition: { StringEquals: { 'ssm:resourceTag/drawbridge:purpose': 'jump-host' } },
  });
});

describe('the stack’s constructs, used in code', () => {
  const stack = stackWith({ name: 'orders' });
  const part = <T>(id: string, type: new (...args: never[]) => T): T => {
    const found = stack.node.findChild(id);
    if (!(found instanceof type)) throw new Error(`${id} is no ${type.name}.`);
    return found;
  };

  test('Workflow.grantStart begins runs and nothing else', () => {
    const role = new iam.Role(stack, 'Starter', { assumedBy: new iam.AccountRootPrincipal() });
    part('Workflow', Workflow).grantStart(role);
    const json = Template.fromStack(stack).toJSON() as TemplateJson;
    const [start, ...others] = statementsOf(resourceOf(json, 'AWS::IAM::Policy', 'StarterDefaultPolicy'));
    expect(others).toEqual([]);
    expect([start?.Action, readable(start?.Resource)]).toEqual([
      'states:StartExecution',
      expect.stringMatching(/^\{WorkflowRun\w*\}$/),
    ]);
  });

  test('metrics are the ones that the alarms watch', () => {
    const seen = (metric: { toMetricConfig(): unknown }): unknown => stack.resolve(metric.toMetricConfig());
    const of = (metricName: string, statistic: string, ...dimensions: string[]): unknown =>
      expect.objectContaining({
        metricStat: expect.objectContaining({
          metricName,
          statistic,
          dimensions: dimensions.map((value) => expect.objectContaining({ value }) as unknown),
        }) as unknown,
      });
    const workflow = part('Workflow', Workflow);
    expect(workflow.metricRuns().metricName).toBe('ExecutionsStarted');
    expect(workflow.metricFailures().metricName).toBe('ExecutionsFailed');
    expect(workflow.metricBackupTime().metricName).toBe('ExecutionTime');
    const functions = part('Lifecycle', LifecycleFunctions);
    expect(seen(functions.metricSwept())).toEqual(of('SweptBoxes', 'Sum', 'orders'));
    expect(seen(functions.metricPastExpiry())).toEqual(of('BoxesPastExpiry', 'Maximum', 'orders'));
    const age = part('Retention', Retention).metricHoursSinceProof('app', { label: 'app' });
    expect(seen(age)).toEqual(of('HoursSinceProof', 'Maximum', 'app', 'orders'));
  });
});
