import { CONFIGURATION_NAMES } from '../configurations';
import { everyAction, grantsOf, matching } from './closed-world';
import { bucketPolicy, keyPolicy, policiesOfRole } from './policies';
import { LEAVE, reviewedOf } from './reviewed';
import { JudgedStack } from './stack';

let actions: readonly string[] = [];
beforeAll(async () => {
  actions = await everyAction();
});

test('every action of AWS is looked at', () => {
  expect(actions.length).toBeGreaterThan(20_000);
  expect(actions.filter(matching('s3:Get*Object'))).toEqual(['s3:GetObject']);
  expect(actions.filter(matching('EC2:runinstances'))).toEqual(['ec2:RunInstances']);
});

describe.each(CONFIGURATION_NAMES)('in the %s stack', (configuration) => {
  const stack = new JudgedStack(configuration);
  const { concrete } = stack;

  test('every role is one of the reviewed', () => {
    expect(concrete.ids('AWS::IAM::Role').sort()).toEqual(
      stack.roles.map((name) => stack.roleId(name)).sort(),
    );
    const policies = stack.roles.flatMap((name) => policiesOfRole(concrete, stack.roleId(name)));
    expect(policies.map(({ name }) => name).sort()).toEqual(concrete.ids('AWS::IAM::Policy').sort());
    for (const type of ['User', 'Group', 'UserPolicy', 'RolePolicy', 'GroupPolicy', 'UserToGroupAddition'])
      expect(concrete.ids(`AWS::IAM::${type}`)).toEqual([]);
  });

  test.each(stack.roles)('%s may do what its reviewed list says, and nothing else in AWS', (name) => {
    const grants = policiesOfRole(concrete, stack.roleId(name)).flatMap(({ name: id }) => {
      const policy = concrete.template.Resources[id];
      return policy === undefined ? [] : grantsOf(policy, actions);
    });
    const stands = stack.isAlways ? [LEAVE] : [];
    expect(grants.sort()).toEqual(
      reviewedOf(stack, name)
        .filter((line) => !stands.includes(line))
        .sort(),
    );
  });

  test('no policy of a resource gives anybody more', () => {
    expect(bucketPolicy(concrete).Statement.filter(({ Effect }) => Effect === 'Allow')).toEqual([]);
    const principals = keyPolicy(concrete)
      .Statement.filter(({ Effect }) => Effect === 'Allow')
      .map(({ Principal }) => Principal);
    expect(principals).toEqual([
      { AWS: 'arn:aws:iam::123456789012:root' },
      { Service: 'logs.eu-west-1.amazonaws.com' },
      // To encrypt its records, and to look at the key.
      ...concrete
        .ids('AWS::CloudTrail::Trail')
        .flatMap(() => Array<object>(2).fill({ Service: 'cloudtrail.amazonaws.com' })),
      // To tell the topic.
      { Service: ['cloudwatch.amazonaws.com', 'events.amazonaws.com'] },
    ]);
    const policies = Object.values(concrete.template.Resources).filter(
      ({ Type }) =>
        /Policy$/.test(Type) &&
        ![
          'AWS::IAM::Policy',
          'AWS::IAM::ManagedPolicy',
          'AWS::S3::BucketPolicy',
          'AWS::SNS::TopicPolicy',
        ].includes(Type),
    );
    expect(policies).toEqual([]);
    for (const id of concrete.ids('AWS::SNS::TopicPolicy')) {
      const { PolicyDocument } = concrete.template.Resources[id]?.Properties ?? {};
      const { Statement } = concrete.value(PolicyDocument) as {
        Statement: { Effect: string; Principal: unknown; Action: string; Condition?: object }[];
      };
      const allowed = Statement.filter(({ Effect }) => Effect === 'Allow');
      expect(allowed.map(({ Principal, Action }) => [Principal, Action])).toEqual([
        [{ Service: 'cloudwatch.amazonaws.com' }, 'sns:Publish'],
        // Of runs that were stopped, and with `notifySessions` of sessions: each rule has a statement of its own.
        ...['Notifications', 'SessionRules']
          .flatMap((part) => concrete.ids('AWS::Events::Rule', part))
          .map(() => [{ Service: 'events.amazonaws.com' }, 'sns:Publish']),
      ]);
      for (const { Condition } of allowed) expect(JSON.stringify(Condition)).toContain('aws:SourceArn');
    }
    const permissions = concrete.ids('AWS::Lambda::Permission').map((id) => {
      const { FunctionName, Principal, SourceArn } = concrete.template.Resources[id]?.Properties ?? {};
      return [concrete.text(FunctionName), Principal, concrete.text(SourceArn)];
    });
    const attribute = (type: string, start: string): string =>
      concrete.text({ 'Fn::GetAtt': [concrete.id(type, start), 'Arn'] });
    expect(permissions).toEqual([
      [
        attribute('AWS::Lambda::Function', 'LifecycleDestroy'),
        'events.amazonaws.com',
        attribute('AWS::Events::Rule', 'WorkflowStopped'),
      ],
    ]);
  });
});
