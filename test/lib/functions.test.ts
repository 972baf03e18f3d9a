import { JUMP_HOST } from '../../contract/tags';
import { jsonWith, readable, resourceOf, statement, statementsOf, templateWith } from './synth';

const functionOf = (id: string) => resourceOf(jsonWith(), 'AWS::Lambda::Function', id).Properties;
const environmentOf = (id: string): Record<string, unknown> =>
  (functionOf(id).Environment as { Variables: Record<string, unknown> }).Variables;
const policyOf = (id: string) => resourceOf(jsonWith(), 'AWS::IAM::Policy', `${id}RoleDefaultPolicy`);
const sidsOf = (id: string) => statementsOf(policyOf(id)).map(({ Sid }) => Sid);
const ALL = ['LifecycleCreate', 'LifecycleDestroy', 'LifecycleSweep', 'DrainDrainer'];
const INSTANCES = 'arn:{AWS::Partition}:ec2:{AWS::Region}:{AWS::AccountId}:instance/*';

describe('functions', () => {
  test.each(ALL)('%s runs on arm64, outside the VPC, with nothing reserved (aws-facts 0.6, 0.10)', (id) => {
    expect(functionOf(id)).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
    expect(functionOf(id)).not.toHaveProperty('VpcConfig');
    expect(functionOf(id)).not.toHaveProperty('ReservedConcurrentExecutions');
    expect(functionOf(id).Description).toMatch(/\w{4}/);
  });

  test.each(ALL)('%s has its own role, and writes to its own log group only', (id) => {
    expect(readable(functionOf(id).Role)).toBe(`{${id}Role.Arn}`);
    expect(readable((functionOf(id).LoggingConfig as { LogGroup: unknown }).LogGroup)).toContain(`${id}Logs`);
    const { Action, Resource } = statement(policyOf(id), 'WriteLogs');
    expect(Action).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
    expect(readable(Resource)).toBe(`{${id}Logs.Arn}`);
  });

  test('are five with retention, none of them CDK’s', () => {
    templateWith().resourceCountIs('AWS::Lambda::Function', 5);
    expect(ALL.map((id) => functionOf(id).Handler)).toEqual([
      'create.handler',
      'destroy.handler',
      'sweep.handler',
      'drain.handler',
    ]);
    expect(ALL.map((id) => functionOf(id).Timeout)).toEqual([30, 300, 300, 900]);
  });

  test('are told what they need, the template versions by number', () => {
    const { DRAWBRIDGE_LAUNCH_TEMPLATES: templates, ...rest } = environmentOf('LifecycleCreate');
    const box = (purpose: string, id: string) =>
      `"${purpose}":{"launchTemplateId":"{${id}BlueprintTemplate}","version":"{${id}BlueprintTemplate.LatestVersionNumber}"}`;
    expect(readable(templates)).toBe(
      `{${box('access', 'AccessBox')},${box('backup', 'BackupBox')},${box('restore', 'RestoreBox')}}`,
    );
    expect(rest).toMatchObject({
      DRAWBRIDGE_NAME: 'drawbridge',
      DRAWBRIDGE_STACK_ID: { Ref: 'AWS::StackId' },
      DRAWBRIDGE_INSTANCE_TYPES: 't4g.micro,t4g.small,t4g.medium',
      DRAWBRIDGE_TTL_MINUTES: '60',
      DRAWBRIDGE_MAX_TTL_MINUTES: '720',
      DRAWBRIDGE_MAX_BOXES: '5',
    });
    expect(readable(rest.DRAWBRIDGE_SUBNET_IDS)).toMatch(
      /^\{NetworkVpcboxSubnet1Subnet\w*\},\{NetworkVpcboxSubnet2Subnet\w*\}$/,
    );
    expect(readable(rest.DRAWBRIDGE_SHELL_DOCUMENT)).toBe('{SessionsShell}');
    expect(readable(rest.DRAWBRIDGE_CONNECT_DOCUMENT)).toBe('{SessionsConnect}');
    expect(Object.keys(environmentOf('LifecycleSweep')).sort()).toEqual([
      'DRAWBRIDGE_BUCKET',
      'DRAWBRIDGE_NAME',
      'DRAWBRIDGE_STACK_ID',
    ]);
    expect(environmentOf('DrainDrainer')).toEqual({
      DRAWBRIDGE_STACK_ID: { Ref: 'AWS::StackId' },
    });
  });
});

describe('create may', () => {
  const policy = policyOf('LifecycleCreate');
  const templates = ['AccessBox', 'BackupBox', 'RestoreBox'].map(
    (id) =>
      `arn:{AWS::Partition}:ec2:{AWS::Region}:{AWS::AccountId}:launch-template/{${id}BlueprintTemplate}`,
  );
  const conditionsOf = (sid: string) =>
    statement(policy, sid).Condition as Record<string, Record<string, unknown>>;
  const resourcesOf = (sid: string) => [statement(policy, sid).Resource].flat().map(readable);

  test('do these things and no others', () => {
    expect(sidsOf('LifecycleCreate')).toEqual([
      'WriteLogs',
      'SeeInstances',
      'TerminateBoxes',
      'LaunchTaggedBoxes',
      'LaunchAsTheTemplateSays',
      'LaunchInOurSubnets',
      'LaunchWithAnInterfaceThere',
      'TagAtLaunch',
      'PassBoxRoles',
      'ResolveImage',
      'MoveExpiry',
    ]);
  });

  test.each([
    'LaunchTaggedBoxes',
    'LaunchAsTheTemplateSays',
    'LaunchInOurSubnets',
    'LaunchWithAnInterfaceThere',
  ])('%s from this stack’s templates only', (sid) => {
    expect(statement(policy, sid).Action).toBe('ec2:RunInstances');
    expect((conditionsOf(sid).ArnEquals?.['ec2:LaunchTemplate'] as unknown[]).map(readable)).toEqual(
      templates,
    );
  });

  test('override nothing in them but subnet, type and tags', () => {
    for (const sid of ['LaunchTaggedBoxes', 'LaunchAsTheTemplateSays']) {
      expect(conditionsOf(sid).Bool).toEqual({ 'ec2:IsLaunchTemplateResource': 'true' });
    }
    const kinds = resourcesOf('LaunchAsTheTemplateSays').map((arn) =>
      arn.replace(/^arn:.*?:(?=[a-z-]+\/)/, ''),
    );
    expect(kinds.map((kind) => kind.split('/')[0]).sort()).toEqual([
      'image',
      'launch-template',
      'launch-template',
      'launch-template',
      'security-group',
      'volume',
    ]);
  });

  test('launch only tagged boxes of the types in the settings', () => {
    expect(resourcesOf('LaunchTaggedBoxes')).toEqual([INSTANCES]);
    const conditions = conditionsOf('LaunchTaggedBoxes');
    expect(conditions.StringEquals).toEqual({
      'aws:RequestTag/drawbridge:stack': { Ref: 'AWS::StackId' },
      'ec2:InstanceType': ['t4g.micro', 't4g.small', 't4g.medium'],
    });
    expect(conditions.Null).toEqual({
      'aws:RequestTag/drawbridge:expires-at': 'false',
      'aws:RequestTag/drawbridge:purpose': 'false',
    });
    expect(conditions['ForAllValues:StringEquals']?.['aws:TagKeys']).toHaveLength(8);
  });

  test('launch in this stack’s subnets only', () => {
    const subnets = resourcesOf('LaunchInOurSubnets');
    expect(subnets).toHaveLength(2);
    for (const subnet of subnets) expect(subnet).toMatch(/:subnet\/\{NetworkVpcboxSubnet[12]/);
    const { ArnEquals } = conditionsOf('LaunchWithAnInterfaceThere');
    expect((ArnEquals?.['ec2:Subnet'] as unknown[]).map(readable)).toEqual(subnets);
  });

  test('tag while launching, and later only move an expiry of its own boxes', () => {
    expect(conditionsOf('TagAtLaunch').StringEquals).toEqual({ 'ec2:CreateAction': 'RunInstances' });
    expect(resourcesOf('MoveExpiry')).toEqual([INSTANCES]);
    expect(conditionsOf('MoveExpiry')).toEqual({
      StringEquals: { 'aws:ResourceTag/drawbridge:stack': { Ref: 'AWS::StackId' } },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['drawbridge:expires-at'] },
    });
    const tagging = statementsOf(policy).filter(({ Action }) => Action === 'ec2:CreateTags');
    expect(tagging.map(({ Sid }) => Sid)).toEqual(['TagAtLaunch', 'MoveExpiry']);
  });

  test('pass the boxes’ roles to EC2 and to nothing else', () => {
    expect(resourcesOf('PassBoxRoles')).toEqual([
      '{AccessBoxBlueprintRole.Arn}',
      '{BackupBoxBlueprintRole.Arn}',
      '{RestoreBoxBlueprintRole.Arn}',
    ]);
    expect(conditionsOf('PassBoxRoles')).toEqual({
      StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' },
    });
  });
});

describe('ending boxes', () => {
  test.each(ALL)('%s may terminate this stack’s boxes, however badly tagged, but not the jump host', (id) => {
    const { Action, Resource, Condition } = statement(policyOf(id), 'TerminateBoxes');
    expect([Action, readable(Resource)]).toEqual(['ec2:TerminateInstances', INSTANCES]);
    expect(Condition).toEqual({
      StringEquals: { 'aws:ResourceTag/drawbridge:stack': { Ref: 'AWS::StackId' } },
      StringNotEquals: { 'aws:ResourceTag/drawbridge:purpose': JUMP_HOST },
    });
  });

  test('takes no other rights, save the sweep’s on uploads', () => {
    const ending = ['WriteLogs', 'SeeInstances', 'TerminateBoxes'];
    expect(sidsOf('LifecycleDestroy')).toEqual(ending);
    expect(sidsOf('DrainDrainer')).toEqual(ending);
    expect(sidsOf('LifecycleSweep')).toEqual([...ending, 'FindUploads', 'AbortUploads']);
    const sweep = policyOf('LifecycleSweep');
    expect(statement(sweep, 'FindUploads').Action).toBe('s3:ListBucketMultipartUploads');
    expect([statement(sweep, 'AbortUploads').Resource].flat().map(readable)).toEqual([
      '{BackupsBucket.Arn}/backups/*',
      '{BackupsBucket.Arn}/intake/*',
    ]);
  });
});

describe('sweep', () => {
  test('runs every five minutes unless told otherwise, and is tried again', () => {
    const schedule = (settings: object) =>
      resourceOf(jsonWith(settings), 'AWS::Scheduler::Schedule', 'SweepSchedule').Properties;
    expect(schedule({})).toMatchObject({
      ScheduleExpression: 'rate(5 minutes)',
      State: 'ENABLED',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { RetryPolicy: { MaximumRetryAttempts: 2 } },
    });
    expect(readable((schedule({}).Target as { Arn: unknown }).Arn)).toBe('{LifecycleSweepFunction.Arn}');
    expect(schedule({ sweepMinutes: 1 }).ScheduleExpression).toBe('rate(1 minute)');
  });

  test('is all that its schedule may invoke', () => {
    const [only, ...others] = statementsOf(resourceOf(jsonWith(), 'AWS::IAM::Policy', 'SweepScheduleRole'));
    expect(others).toEqual([]);
    expect(only?.Action).toBe('lambda:InvokeFunction');
    for (const arn of [only?.Resource].flat())
      expect(readable(arn)).toMatch(/^\{LifecycleSweepFunction\.Arn\}/);
  });
});
