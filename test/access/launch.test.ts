import { JUMP_HOST, TAGS } from '../../contract/tags';
import { CONFIGURATION_NAMES } from '../configurations';
import { ACCOUNT, REGION } from './concrete';
import { type Context, isAllowed, service } from './decide';
import { trustOf } from './policies';
import { JudgedStack, type RoleName } from './stack';

const requestTag = (key: string): string => `aws:RequestTag/${key}`;
const resourceTag = (key: string): string => `aws:ResourceTag/${key}`;

describe.each(CONFIGURATION_NAMES)('in the %s stack', (configuration) => {
  const stack = new JudgedStack(configuration);
  const create = stack.session('create');
  const { concrete } = stack;
  const stackId = concrete.ref('AWS::StackId');
  const templateArn = (prefix: string): string =>
    stack.ec2Arn(`launch-template/${concrete.ref(concrete.id('AWS::EC2::LaunchTemplate', prefix))}`);
  const [boxSubnet = ''] = stack.subnets('box');
  const instance = stack.ec2Arn('instance/i-0123456789abcdef0');

  /** The launch of a proper access box, as EC2 shows it for each resource that it touches. */
  const fromTemplate: Context = { 'ec2:LaunchTemplate': templateArn('AccessBox') };
  const asInTemplate: Context = { ...fromTemplate, 'ec2:IsLaunchTemplateResource': 'true' };
  const tags: Context = {
    [requestTag(TAGS.stack)]: stackId,
    [requestTag(TAGS.purpose)]: 'access',
    [requestTag(TAGS.expiresAt)]: '2026-11-22T03:00:00Z',
    'aws:TagKeys': [TAGS.name, TAGS.stack, TAGS.purpose, TAGS.expiresAt, TAGS.requestId],
  };
  const LAUNCH: Readonly<Record<string, readonly [resource: string, context: Context]>> = {
    instance: [
      stack.ec2Arn('instance/*').replace('*', 'i-0new'),
      { ...asInTemplate, ...tags, 'ec2:InstanceType': 't4g.micro' },
    ],
    template: [templateArn('AccessBox'), asInTemplate],
    volume: [stack.ec2Arn('volume/vol-0new'), asInTemplate],
    'security group': [
      stack.ec2Arn(`security-group/${concrete.ref(concrete.id('AWS::EC2::SecurityGroup', 'AccessBox'))}`),
      asInTemplate,
    ],
    image: [`arn:aws:ec2:${REGION}::image/ami-0123456789abcdef0`, asInTemplate],
    subnet: [boxSubnet, fromTemplate],
    'network interface': [
      stack.ec2Arn('network-interface/eni-0new'),
      { ...fromTemplate, 'ec2:Subnet': boxSubnet },
    ],
  };
  const mayLaunch = (what: string, change: Context = {}, resource?: string) => {
    const [standard, context] = LAUNCH[what] ?? ['', {}];
    return isAllowed(create, {
      action: 'ec2:RunInstances',
      resource: resource ?? standard,
      context: { ...context, ...change },
    });
  };

  describe('create may launch', () => {
    test.each(Object.keys(LAUNCH))('a proper box: its %s', async (what) => {
      expect(await mayLaunch(what)).toBe(true);
    });

    test.each(Object.keys(LAUNCH))('but nothing without a template: %s', async (what) => {
      const none = { 'ec2:LaunchTemplate': undefined, 'ec2:IsLaunchTemplateResource': undefined };
      expect(await mayLaunch(what, none)).toBe(false);
    });

    test.each(Object.keys(LAUNCH))('but nothing from a foreign template: %s', async (what) => {
      const foreign = { 'ec2:LaunchTemplate': stack.ec2Arn('launch-template/lt-0ffffffffffffffff') };
      expect(await mayLaunch(what, foreign)).toBe(false);
    });

    test.each(['instance', 'template', 'volume', 'security group', 'image'])(
      'but with no other %s than the template’s',
      async (what) => {
        expect(await mayLaunch(what, { 'ec2:IsLaunchTemplateResource': 'false' })).toBe(false);
      },
    );

    test('but not the jump host’s template, nor any other', async () => {
      const others = concrete
        .ids('AWS::EC2::LaunchTemplate')
        .filter((id) => !/^(Access|Backup|Restore)Box/.test(id))
        .map((id) => stack.ec2Arn(`launch-template/${concrete.ref(id)}`));
      for (const arn of [...others, stack.ec2Arn('launch-template/lt-0ffffffffffffffff')])
        expect(await mayLaunch('template', {}, arn)).toBe(false);
      expect(await mayLaunch('template', {}, templateArn('BackupBox'))).toBe(true);
    });

    test('but only in the box subnets', async () => {
      for (const subnet of stack.subnets('box')) expect(await mayLaunch('subnet', {}, subnet)).toBe(true);
      for (const subnet of [...stack.subnets('database'), stack.ec2Arn('subnet/subnet-0foreign')]) {
        expect(await mayLaunch('subnet', {}, subnet)).toBe(false);
        expect(await mayLaunch('network interface', { 'ec2:Subnet': subnet })).toBe(false);
      }
    });

    test('but with no key pair', async () => {
      const arn = stack.ec2Arn('key-pair/somebody');
      const asked = { action: 'ec2:RunInstances', resource: arn, context: asInTemplate };
      expect(await isAllowed(create, asked)).toBe(false);
    });

    test.each(['m7g.metal', 't4g.xlarge', undefined])('but not of type %s', async (type) => {
      expect(await mayLaunch('instance', { 'ec2:InstanceType': type })).toBe(false);
    });

    test.each([
      ['without the stack’s tag', { [requestTag(TAGS.stack)]: undefined }],
      ['with another stack’s tag', { [requestTag(TAGS.stack)]: `${ACCOUNT}/other` }],
      ['without an expiry', { [requestTag(TAGS.expiresAt)]: undefined }],
      ['without a purpose', { [requestTag(TAGS.purpose)]: undefined }],
      ['with a tag of somebody else’s', { 'aws:TagKeys': [TAGS.stack, TAGS.expiresAt, 'cost-centre'] }],
    ])('but not %s', async (_, change) => {
      expect(await mayLaunch('instance', change)).toBe(false);
    });
  });

  describe('create may tag', () => {
    const mayTag = (context: Context, resource = instance) =>
      isAllowed(create, { action: 'ec2:CreateTags', resource, context });
    const launching: Context = {
      'ec2:CreateAction': 'RunInstances',
      'aws:TagKeys': [TAGS.stack, TAGS.expiresAt],
    };
    const own: Context = { [resourceTag(TAGS.stack)]: stackId };

    test.each(['instance/i-0new', 'volume/vol-0new', 'network-interface/eni-0new'])(
      'what it launches: %s',
      async (resource) => {
        expect(await mayTag(launching, stack.ec2Arn(resource))).toBe(true);
      },
    );

    test('its own boxes’ expiry, and nothing else of them', async () => {
      expect(await mayTag({ ...own, 'aws:TagKeys': [TAGS.expiresAt] })).toBe(true);
      for (const key of [TAGS.stack, TAGS.purpose, TAGS.name, 'cost-centre'])
        expect([key, await mayTag({ ...own, 'aws:TagKeys': [TAGS.expiresAt, key] })]).toEqual([key, false]);
    });

    test('no foreign instance into the stack’s reach', async () => {
      for (const foreign of [undefined, 'arn:aws:cloudformation:eu-west-1:123456789012:stack/other/0'])
        for (const keys of [[TAGS.stack], [TAGS.expiresAt], [TAGS.stack, TAGS.expiresAt]])
          expect(await mayTag({ [resourceTag(TAGS.stack)]: foreign, 'aws:TagKeys': keys })).toBe(false);
    });

    test('nothing while something else than a launch creates it, or with tags that are not ours', async () => {
      expect(await mayTag({ ...launching, 'ec2:CreateAction': 'CreateVolume' })).toBe(false);
      expect(await mayTag({ ...launching, 'aws:TagKeys': [TAGS.stack, 'cost-centre'] })).toBe(false);
    });
  });

  describe('terminating', () => {
    const mayEnd = (name: RoleName, context: Context) =>
      isAllowed(stack.session(name), { action: 'ec2:TerminateInstances', resource: instance, context });
    const ENDERS: readonly RoleName[] = ['create', 'destroy', 'sweep', 'drain'];

    test.each(ENDERS)('%s may end this stack’s boxes, however badly tagged', async (name) => {
      for (const purpose of ['access', 'backup', 'restore', 'nonsense', undefined])
        expect(
          await mayEnd(name, { [resourceTag(TAGS.stack)]: stackId, [resourceTag(TAGS.purpose)]: purpose }),
        ).toBe(true);
    });

    test.each(ENDERS)('%s may not end the jump host, or what is not this stack’s', async (name) => {
      expect(
        await mayEnd(name, { [resourceTag(TAGS.stack)]: stackId, [resourceTag(TAGS.purpose)]: JUMP_HOST }),
      ).toBe(false);
      for (const foreign of [undefined, `${stackId}x`, 'other'])
        expect(
          await mayEnd(name, { [resourceTag(TAGS.stack)]: foreign, [resourceTag(TAGS.purpose)]: 'access' }),
        ).toBe(false);
    });

    test('nobody else may end anything', async () => {
      for (const name of stack.roles.filter((one) => !ENDERS.includes(one)))
        expect([name, await mayEnd(name, { [resourceTag(TAGS.stack)]: stackId })]).toEqual([name, false]);
    });
  });

  describe('roles', () => {
    const mayPass = (name: RoleName, role: string, to: string) =>
      isAllowed(stack.session(name), {
        action: 'iam:PassRole',
        resource: role,
        context: { 'iam:PassedToService': to },
      });

    test('create passes the boxes’ to EC2', async () => {
      for (const box of ['access box', 'backup box'] as const)
        expect(await mayPass('create', stack.roleArn(box), 'ec2.amazonaws.com')).toBe(true);
    });

    test('create passes them to nothing else, and no other role at all', async () => {
      for (const to of ['lambda.amazonaws.com', 'ssm.amazonaws.com', 'ecs-tasks.amazonaws.com'])
        expect(await mayPass('create', stack.roleArn('backup box'), to)).toBe(false);
      const others = stack.roles.filter((name) => !/ box$/.test(name)).map((name) => stack.roleArn(name));
      for (const role of [...others, `arn:aws:iam::${ACCOUNT}:role/Administrator`])
        expect([role, await mayPass('create', role, 'ec2.amazonaws.com')]).toEqual([role, false]);
    });

    const TRUSTED: Readonly<Record<RoleName, string>> = {
      'access box': 'ec2.amazonaws.com',
      'backup box': 'ec2.amazonaws.com',
      'restore box': 'ec2.amazonaws.com',
      'jump host': 'ec2.amazonaws.com',
      create: 'lambda.amazonaws.com',
      destroy: 'lambda.amazonaws.com',
      sweep: 'lambda.amazonaws.com',
      drain: 'lambda.amazonaws.com',
      emptier: 'lambda.amazonaws.com',
      'emptier of records': 'lambda.amazonaws.com',
      schedule: 'scheduler.amazonaws.com',
      retain: 'lambda.amazonaws.com',
      'retention schedule': 'scheduler.amazonaws.com',
      'backup run': 'states.amazonaws.com',
      'backup of one database': 'states.amazonaws.com',
      'backup schedule': 'scheduler.amazonaws.com',
      'flow logs': 'vpc-flow-logs.amazonaws.com',
      'web box': 'ec2.amazonaws.com',
      'web create': 'lambda.amazonaws.com',
      'web destroy': 'lambda.amazonaws.com',
      'logs box': 'ec2.amazonaws.com',
      'logs create': 'lambda.amazonaws.com',
      'logs destroy': 'lambda.amazonaws.com',
    };

    test.each(stack.roles)(
      '%s is assumed by the service that it is made for, and by nobody else',
      async (name) => {
        const asked = {
          action: 'sts:AssumeRole',
          resource: stack.roleArn(name),
          resourcePolicy: trustOf(concrete, stack.roleId(name)),
        };
        for (const one of new Set(Object.values(TRUSTED)))
          expect([one, await isAllowed(service(one), asked)]).toEqual([one, one === TRUSTED[name]]);
        for (const other of stack.roles) expect(await isAllowed(stack.session(other), asked)).toBe(false);
      },
    );
  });
});

test('a box is launched from the template’s number, not from whatever is newest', () => {
  const { concrete } = new JudgedStack('default');
  const { Properties } =
    concrete.template.Resources[concrete.id('AWS::Lambda::Function', 'LifecycleCreate')] ?? {};
  const { Variables } = Properties?.Environment as { Variables: Record<string, unknown> };
  const templates = JSON.parse(concrete.text(Variables.DRAWBRIDGE_LAUNCH_TEMPLATES)) as Record<
    string,
    unknown
  >;
  expect(Object.keys(templates).sort()).toEqual(['access', 'backup', 'restore']);
  for (const one of Object.values(templates))
    expect(one).toMatchObject({ version: expect.stringMatching(/\.LatestVersionNumber$/) as string });
});
