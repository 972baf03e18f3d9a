import { JUMP_HOST, TAGS } from '../../contract/tags';
import { everyAction, grantsOf, matching } from './closed-world';
import { ACCOUNT } from './concrete';
import { almighty, type Asker, type Context, isAllowed, sessionOf } from './decide';
import { bucketPolicy, endpointPolicy, managedPolicy, without } from './policies';
import { reviewedVm } from './reviewed';
import { JudgedStack } from './stack';

const stack = new JudgedStack('full');
const { concrete } = stack;
const stackId = concrete.ref('AWS::StackId');
const policy = bucketPolicy(concrete);
const instance = stack.ec2Arn('instance/i-0123456789abcdef0');
const SOURCES = ['web', 'logs'] as const;
const other = (source: string): (typeof SOURCES)[number] => (source === 'web' ? 'logs' : 'web');

/** The machine of a source: a role whose only policy is the source's. */
const vm = (source: string): Asker =>
  sessionOf(`arn:aws:iam::${ACCOUNT}:role/${source}Vm`, [
    { name: 'vm', policy: managedPolicy(concrete, `Intake${source}Vm`) },
  ]);
const functionArn = (prefix: string): string => concrete.arn(concrete.id('AWS::Lambda::Function', prefix));
const tagged = (prefix: string, source: string | undefined, of = stackId): Context => ({
  [`${prefix}/${TAGS.stack}`]: of,
  [`${prefix}/${TAGS.source}`]: source,
});

describe.each(SOURCES)('the machine of the source %s', (source) => {
  test('may do what its reviewed list says, and nothing else in AWS', async () => {
    const id = concrete.id('AWS::IAM::ManagedPolicy', `Intake${source}Vm`);
    const resource = concrete.template.Resources[id];
    if (resource === undefined) throw new Error('no policy');
    expect(grantsOf(resource, await everyAction()).sort()).toEqual(reviewedVm(source).sort());
  });

  test('has a policy short enough to read in a minute', () => {
    expect(JSON.stringify(managedPolicy(concrete, `Intake${source}Vm`)).length).toBeLessThan(2_400);
    expect(managedPolicy(concrete, `Intake${source}Vm`).Statement).toHaveLength(6);
  });

  test('calls its own two functions and no other', async () => {
    const called: string[] = [];
    for (const id of concrete.ids('AWS::Lambda::Function'))
      if (await isAllowed(vm(source), { action: 'lambda:InvokeFunction', resource: concrete.arn(id) }))
        called.push(concrete.arn(id));
    expect(called.sort()).toEqual(
      [functionArn(`Intake${source}Create`), functionArn(`Intake${source}Destroy`)].sort(),
    );
  });

  describe('opens a session', () => {
    const mayStart = (resource: string, context: Context) =>
      isAllowed(vm(source), { action: 'ssm:StartSession', resource, context });
    const check: Context = { 'ssm:SessionDocumentAccessCheck': 'true' };
    const document = (name: string): string => `arn:aws:ssm:eu-west-1:${ACCOUNT}:document/${name}`;

    test('to its own boxes, with the document that leads to their SSH server', async () => {
      expect(await mayStart(instance, { ...check, ...tagged('ssm:resourceTag', source) })).toBe(true);
      const own = concrete.ref(concrete.id('AWS::SSM::Document', 'IntakeSession'));
      expect(await mayStart(document(own), check)).toBe(true);
    });

    test('but not where the call names no document, which would be a shell', async () => {
      const shell = { 'ssm:SessionDocumentAccessCheck': 'false' };
      expect(await mayStart(instance, { ...shell, ...tagged('ssm:resourceTag', source) })).toBe(false);
    });

    test('but with no other document', async () => {
      const names = ['AWS-StartSSHSession', 'AWS-StartPortForwardingSession', 'SSM-SessionManagerRunShell'];
      const ours = concrete.ids('AWS::SSM::Document').filter((id) => !id.startsWith('IntakeSession'));
      for (const name of [...names, ...ours.map((id) => concrete.ref(id))])
        expect([name, await mayStart(document(name), check)]).toEqual([name, false]);
    });

    test('but to no other instance', async () => {
      for (const foreign of [
        tagged('ssm:resourceTag', other(source)),
        tagged('ssm:resourceTag', undefined),
        tagged('ssm:resourceTag', source, 'arn:aws:cloudformation:eu-west-1:1:stack/other/0'),
      ])
        expect(await mayStart(instance, { ...check, ...foreign })).toBe(false);
    });
  });

  test('ends and resumes only sessions of its own', async () => {
    const session = `arn:aws:ssm:eu-west-1:${ACCOUNT}:session/AROAX:vm-0a`;
    for (const action of ['ssm:TerminateSession', 'ssm:ResumeSession'])
      for (const [id, own] of [
        ['AROAX:vm-0a', true],
        ['AROAOTHER:vm-0a', false],
      ] as const) {
        const asker = { ...vm(source), identity: { ...vm(source).identity, 'aws:userid': 'AROAX:vm' } };
        const context = { 'ssm:resourceTag/aws:ssmmessages:session-id': id };
        expect([action, id, await isAllowed(asker, { action, resource: session, context })]).toEqual([
          action,
          id,
          own,
        ]);
      }
  });

  test('cannot end, tag, launch or see instances, nor run commands on them', async () => {
    for (const action of [
      'ec2:TerminateInstances',
      'ec2:StopInstances',
      'ec2:RunInstances',
      'ec2:CreateTags',
    ])
      expect([action, await isAllowed(vm(source), { action, resource: instance })]).toEqual([action, false]);
    const command = { action: 'ssm:SendCommand', resource: instance };
    expect(await isAllowed(vm(source), command)).toBe(false);
  });

  test('cannot touch the bucket, the key or the secret', async () => {
    for (const action of ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'])
      expect(await isAllowed(vm(source), { action, resource: `${stack.bucketArn}/intake/${source}/x` })).toBe(
        false,
      );
    expect(await isAllowed(vm(source), { action: 's3:ListBucket', resource: stack.bucketArn })).toBe(false);
    expect(await isAllowed(vm(source), { action: 'kms:Decrypt', resource: stack.keyArn })).toBe(false);
    expect(
      await isAllowed(vm(source), { action: 'secretsmanager:GetSecretValue', resource: stack.secretArn }),
    ).toBe(false);
  });

  test('writes to the bucket neither with every right of its account', async () => {
    const asked = {
      action: 's3:PutObject',
      resource: `${stack.bucketArn}/intake/${source}/x`,
      resourcePolicy: policy,
      context: {
        'aws:SourceVpce': stack.endpointId,
        's3:TlsVersion': '1.3',
        's3:if-none-match': '*',
        's3:ObjectCreationOperation': 'true',
      },
    };
    expect(await isAllowed(almighty(vm(source)), asked)).toBe(false);
    expect(
      await isAllowed(almighty(vm(source)), {
        ...asked,
        resourcePolicy: without(policy, `OnlyByIntake${source}`),
      }),
    ).toBe(true);
  });
});

describe.each(SOURCES)('a box of the source %s', (source) => {
  const box = stack.session(`${source} box`);
  const own = `${stack.bucketArn}/intake/${source}/packs/0a`;
  const proper: Context = {
    'aws:SourceVpce': stack.endpointId,
    's3:TlsVersion': '1.3',
    's3:if-none-match': '*',
    's3:ObjectCreationOperation': 'true',
  };
  const mayPut = (resource: string, who = box, change: Context = {}) =>
    isAllowed(who, {
      action: 's3:PutObject',
      resource,
      context: { ...proper, ...change },
      resourcePolicy: policy,
      endpointPolicy: endpointPolicy(concrete),
    });
  const ELSEWHERE = [
    `intake/${other(source)}/packs/0a`,
    'backups/app/x',
    'x',
    'intake/x',
    `intake/${source}x/x`,
  ];

  test('puts new keys under its own prefix, and only there, whatever its role came to say', async () => {
    expect(await mayPut(own)).toBe(true);
    for (const key of ELSEWHERE)
      for (const who of [box, almighty(box)])
        expect([key, await mayPut(`${stack.bucketArn}/${key}`, who)]).toEqual([key, false]);
  });

  test('overwrites nothing, and comes through the endpoint', async () => {
    expect(await mayPut(own, almighty(box), { 's3:if-none-match': undefined })).toBe(false);
    expect(await mayPut(own, almighty(box), { 'aws:SourceVpce': undefined })).toBe(false);
  });

  test('is the only one that writes there', async () => {
    for (const name of stack.roles.filter((one) => one !== `${source} box`))
      expect([name, await mayPut(own, almighty(stack.session(name)))]).toEqual([name, false]);
  });

  test('reads receipts of its own, and no file, whatever its role came to say', async () => {
    const mayRead = (who: Asker, key: string) =>
      isAllowed(who, {
        action: 's3:GetObject',
        resource: `${stack.bucketArn}/${key}`,
        resourcePolicy: policy,
        context: { 'aws:SourceVpce': stack.endpointId },
      });
    expect(await mayRead(box, `intake/${source}/receipts/x/receipt.json`)).toBe(true);
    for (const key of [`intake/${source}/packs/0a`, `intake/${other(source)}/receipts/x`, 'backups/app/x'])
      for (const who of [box, almighty(box)]) expect([key, await mayRead(who, key)]).toEqual([key, false]);
  });

  test('deletes, unlocks and exposes nothing, whatever its role came to say', async () => {
    for (const action of ['DeleteObject', 'DeleteObjectVersion', 'PutObjectRetention', 'PutObjectAcl'])
      expect(
        await isAllowed(almighty(box), {
          action: `s3:${action}`,
          resource: own,
          resourcePolicy: policy,
          context: { 'aws:SourceVpce': stack.endpointId },
        }),
      ).toBe(false);
  });

  test('lists its own receipts only', async () => {
    const may = (prefix: string | undefined) =>
      isAllowed(box, {
        action: 's3:ListBucket',
        resource: stack.bucketArn,
        resourcePolicy: policy,
        context: { 's3:prefix': prefix },
      });
    expect(await may(`intake/${source}/receipts/`)).toBe(true);
    for (const prefix of [
      undefined,
      '',
      'intake/',
      `intake/${source}/`,
      `intake/${other(source)}/receipts/`,
      'backups/',
    ])
      expect([prefix, await may(prefix)]).toEqual([prefix, false]);
  });
});

describe.each(SOURCES)('the functions of the source %s', (source) => {
  const mayEnd = (name: 'create' | 'destroy', context: Context) =>
    isAllowed(stack.session(`${source} ${name}`), {
      action: 'ec2:TerminateInstances',
      resource: instance,
      context,
    });

  test('end boxes of the source and nothing else of the stack', async () => {
    for (const name of ['create', 'destroy'] as const) {
      expect(await mayEnd(name, tagged('aws:ResourceTag', source))).toBe(true);
      expect(await mayEnd(name, tagged('aws:ResourceTag', other(source)))).toBe(false);
      expect(await mayEnd(name, tagged('aws:ResourceTag', undefined))).toBe(false);
      const jumpHost = { [`aws:ResourceTag/${TAGS.purpose}`]: JUMP_HOST };
      expect(await mayEnd(name, { ...tagged('aws:ResourceTag', source), ...jumpHost })).toBe(false);
    }
  });

  test('launch from the source’s template and pass the source’s role, and no other', async () => {
    const create = stack.session(`${source} create`);
    const launched: string[] = [];
    for (const id of concrete.ids('AWS::EC2::LaunchTemplate')) {
      const template = stack.ec2Arn(`launch-template/${concrete.ref(id)}`);
      const context = { 'ec2:LaunchTemplate': template, 'ec2:IsLaunchTemplateResource': 'true' };
      if (await isAllowed(create, { action: 'ec2:RunInstances', resource: template, context }))
        launched.push(id);
    }
    expect(launched).toEqual([concrete.id('AWS::EC2::LaunchTemplate', `Intake${source}Box`)]);
    const passed: string[] = [];
    for (const name of stack.roles) {
      const context = { 'iam:PassedToService': 'ec2.amazonaws.com' };
      if (await isAllowed(create, { action: 'iam:PassRole', resource: stack.roleArn(name), context }))
        passed.push(name);
    }
    expect(passed).toEqual([`${source} box`]);
  });

  test('launch only what carries the source’s tag', async () => {
    const template = stack.ec2Arn(
      `launch-template/${concrete.ref(concrete.id('AWS::EC2::LaunchTemplate', `Intake${source}Box`))}`,
    );
    const may = (of: string | undefined) =>
      isAllowed(stack.session(`${source} create`), {
        action: 'ec2:RunInstances',
        resource: instance,
        context: {
          'ec2:LaunchTemplate': template,
          'ec2:IsLaunchTemplateResource': 'true',
          'ec2:InstanceType': 't4g.micro',
          ...tagged('aws:RequestTag', of),
          [`aws:RequestTag/${TAGS.purpose}`]: 'intake',
          [`aws:RequestTag/${TAGS.expiresAt}`]: '2026-11-22T03:00:00Z',
          'aws:TagKeys': [TAGS.stack, TAGS.source, TAGS.purpose, TAGS.expiresAt],
        },
      });
    expect([await may(source), await may(other(source)), await may(undefined)]).toEqual([true, false, false]);
  });
});

test('the key for SSH is accepted for the user intake of the source’s boxes alone', () => {
  for (const source of SOURCES) {
    const { Statement } = managedPolicy(concrete, `Intake${source}Vm`);
    const keys = Statement.filter(({ Action }) =>
      [Action].flat().some((one) => matching(one)('ec2-instance-connect:SendSSHPublicKey')),
    );
    expect(keys).toHaveLength(1);
    expect(keys[0]?.Condition).toEqual({
      StringEquals: {
        [`aws:ResourceTag/${TAGS.stack}`]: stackId,
        [`aws:ResourceTag/${TAGS.source}`]: source,
        'ec2:osuser': 'intake',
      },
    });
  }
});
