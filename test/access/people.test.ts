import { JUMP_HOST, TAGS } from '../../contract/tags';
import { jsonWith } from '../lib/synth';
import { everyAction, grantsOf } from './closed-world';
import { ACCOUNT, Concrete, REGION } from './concrete';
import { type Asker, type Context, isAllowed } from './decide';
import { keyPolicy, managedPolicy } from './policies';
import { REVIEWED_PEOPLE } from './reviewed-people';

const USER_ID = 'AROAEXAMPLE:eva';
const ssmTag = (key: string): string => `ssm:resourceTag/${key}`;
const resourceTag = (key: string): string => `aws:ResourceTag/${key}`;

/** A person with one of the policies, and what there is to ask about. */
function personOf(policy: 'AccessOperator' | 'AccessAuditor' | 'OwnerPolicy', settings: object = {}) {
  const concrete = new Concrete(jsonWith(settings));
  const asker: Asker = {
    principal: `arn:aws:sts::${ACCOUNT}:assumed-role/dev/eva`,
    identity: {
      'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:role/dev`,
      'aws:PrincipalAccount': ACCOUNT,
      'aws:userid': USER_ID,
    },
    policies: [{ name: policy, policy: managedPolicy(concrete, policy) }],
  };
  const document = (id: string): string =>
    `arn:aws:ssm:${REGION}:${ACCOUNT}:document/${concrete.ref(concrete.id('AWS::SSM::Document', id))}`;
  const instance = `arn:aws:ec2:${REGION}:${ACCOUNT}:instance/i-0123456789abcdef0`;
  const functionArn = (id: string): string => concrete.arn(concrete.id('AWS::Lambda::Function', id));
  const may = (action: string, resource: string, context: Context = {}): Promise<boolean> =>
    isAllowed(asker, { action, resource, context });
  return { asker, concrete, may, document, instance, functionArn, stackId: concrete.ref('AWS::StackId') };
}

describe('operator', () => {
  const { concrete, may, document, instance, functionArn, stackId } = personOf('AccessOperator', {
    accessTargets: ['10.0.0.0/16:22'],
  });
  const ours = { [ssmTag(TAGS.stack)]: stackId, [ssmTag(TAGS.purpose)]: 'access' };
  const named = { 'ssm:SessionDocumentAccessCheck': 'true' };
  const toInstance = (change: Context = {}) =>
    may('ssm:StartSession', instance, { ...ours, ...named, ...change });

  test('opens sessions to access boxes and the jump host of this stack', async () => {
    expect(await toInstance()).toBe(true);
    expect(await toInstance({ [ssmTag(TAGS.purpose)]: JUMP_HOST })).toBe(true);
  });

  test.each([
    ['another stack', { [ssmTag(TAGS.stack)]: 'arn:aws:cloudformation:x:1:stack/other/1' }],
    ['no stack', { [ssmTag(TAGS.stack)]: undefined }],
    ['a backup box', { [ssmTag(TAGS.purpose)]: 'backup' }],
    ['an instance without a purpose', { [ssmTag(TAGS.purpose)]: undefined }],
  ])('opens none to %s', async (_, change) => {
    expect(await toInstance(change)).toBe(false);
  });

  test("opens none without a named document, which would be the account's default shell (aws-facts 4)", async () => {
    expect(await toInstance({ 'ssm:SessionDocumentAccessCheck': 'false' })).toBe(false);
  });

  test('uses the documents of this stack and no others', async () => {
    for (const id of [
      'SessionsConnect',
      'SessionsForward',
      'SessionsShell',
      'SessionsSsh',
      'SessionsHostKeys',
    ])
      expect([id, await may('ssm:StartSession', document(id), named)]).toEqual([id, true]);
    for (const other of [
      document('DocumentsBackup'),
      `arn:aws:ssm:${REGION}:${ACCOUNT}:document/SSM-SessionManagerRunShell`,
    ])
      expect([other, await may('ssm:StartSession', other, named)]).toEqual([other, false]);
  });

  test('continues and ends its own sessions, and nobody else’s', async () => {
    const session = `arn:aws:ssm:${REGION}:${ACCOUNT}:session/eva-0123`;
    // The evaluator knows no resource of ssmmessages:OpenDataChannel; it stands in the same statement (reviewed below).
    for (const action of ['ssm:ResumeSession', 'ssm:TerminateSession']) {
      const own = { 'ssm:resourceTag/aws:ssmmessages:session-id': USER_ID };
      const foreign = { 'ssm:resourceTag/aws:ssmmessages:session-id': 'AROAEXAMPLE:tom' };
      expect([action, await may(action, session, own)]).toEqual([action, true]);
      expect([action, await may(action, session, foreign)]).toEqual([action, false]);
      expect([action, await may(action, session)]).toEqual([action, false]);
    }
  });

  test('opens and closes boxes by the functions, and calls no others', async () => {
    for (const id of ['LifecycleCreate', 'LifecycleDestroy'])
      expect(await may('lambda:InvokeFunction', functionArn(id))).toBe(true);
    for (const id of ['LifecycleSweep', 'DrainDrainer'])
      expect(await may('lambda:InvokeFunction', functionArn(id))).toBe(false);
    for (const action of ['ec2:RunInstances', 'ec2:TerminateInstances', 'ec2:CreateTags'])
      expect(await may(action, instance, {})).toBe(false);
    expect(await may('ssm:SendCommand', instance)).toBe(false);
  });

  test('puts keys of one minute on its boxes, for the image’s user only', () => {
    // The evaluator does not know ec2:osuser, so the statement itself is looked at.
    const policy = managedPolicy(concrete, 'AccessOperator');
    const statements = policy.Statement.filter(({ Action }) =>
      [Action].flat().some((one) => /^ec2-inst/.test(one)),
    );
    expect(statements.map(({ Condition }) => Condition)).toEqual([
      {
        StringEquals: {
          [resourceTag(TAGS.stack)]: stackId,
          [resourceTag(TAGS.purpose)]: ['access', JUMP_HOST],
          'ec2:osuser': 'ec2-user',
        },
      },
    ]);
  });

  test('touches no backup', async () => {
    const bucket = concrete.arn(concrete.id('AWS::S3::Bucket', 'Backups'));
    for (const action of ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'])
      expect(await may(action, `${bucket}/backups/app/x`)).toBe(false);
  });
});

describe.each([
  [
    'a second factor',
    { operatorMfa: true },
    { 'aws:MultiFactorAuthPresent': 'true' },
    { 'aws:MultiFactorAuthPresent': 'false' },
  ],
  [
    'a known network',
    { operatorCidrs: ['203.0.113.0/24'] },
    { 'aws:SourceIp': '203.0.113.7' },
    { 'aws:SourceIp': '198.51.100.1' },
  ],
])('with the setting, an operator needs %s', (_, settings, good, bad) => {
  const { concrete, may, instance, functionArn, stackId } = personOf('AccessOperator', settings);
  const requests: readonly (readonly [string, string, Context])[] = [
    ['lambda:InvokeFunction', functionArn('LifecycleCreate'), {}],
    [
      'secretsmanager:GetSecretValue',
      concrete.text({ 'Fn::GetAtt': [concrete.id('AWS::RDS::DBInstance'), 'MasterUserSecret.SecretArn'] }),
      {},
    ],
    [
      'ssm:StartSession',
      instance,
      {
        [ssmTag(TAGS.stack)]: stackId,
        [ssmTag(TAGS.purpose)]: 'access',
        'ssm:SessionDocumentAccessCheck': 'true',
      },
    ],
  ];
  test.each(requests)('for %s', async (action, resource, context) => {
    expect(await may(action, resource, { ...context, ...good })).toBe(true);
    expect(await may(action, resource, { ...context, ...bad })).toBe(false);
    expect(await may(action, resource, context)).toBe(false);
  });
});

describe('owner', () => {
  const { asker, concrete, may, document, instance, functionArn, stackId } = personOf('OwnerPolicy');
  const bucket = concrete.arn(concrete.id('AWS::S3::Bucket', 'Backups'));
  const backup = `${bucket}/backups/app/20261122T030000000Z_i-0a/database.pgdump.zst`;

  test('reads backups, and neither writes nor deletes nor unlocks one', async () => {
    for (const action of ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention'])
      expect([action, await may(action, backup)]).toEqual([action, true]);
    for (const action of [
      'PutObject',
      'DeleteObject',
      'DeleteObjectVersion',
      'PutObjectTagging',
      'PutObjectRetention',
    ])
      expect([action, await may(`s3:${action}`, backup)]).toEqual([action, false]);
    expect(await may('s3:GetObject', `${bucket}/intake/web/x`)).toBe(false);
  });

  test('lists backups and nothing else of the bucket', async () => {
    expect(await may('s3:ListBucket', bucket, { 's3:prefix': 'backups/app/' })).toBe(true);
    expect(await may('s3:ListBucket', bucket, { 's3:prefix': 'intake/' })).toBe(false);
    expect(await may('s3:ListBucket', bucket)).toBe(false);
  });

  test('uses the key through S3 only', async () => {
    const resource = concrete.arn(concrete.id('AWS::KMS::Key'));
    const mayDecrypt = (context: Context): Promise<boolean> =>
      isAllowed(asker, { action: 'kms:Decrypt', resource, context, resourcePolicy: keyPolicy(concrete) });
    expect(await mayDecrypt({ 'kms:ViaService': `s3.${REGION}.amazonaws.com` })).toBe(true);
    expect(await mayDecrypt({ 'kms:ViaService': `rds.${REGION}.amazonaws.com` })).toBe(false);
    expect(await mayDecrypt({})).toBe(false);
  });

  test('has backups proven and restored on boxes for that, by those documents and no others', async () => {
    const on = (purpose: string | undefined, stack = stackId) =>
      may('ssm:SendCommand', instance, { [ssmTag(TAGS.stack)]: stack, [ssmTag(TAGS.purpose)]: purpose });
    expect([await on('backup'), await on('restore')]).toEqual([true, true]);
    expect([await on('access'), await on('intake'), await on(undefined)]).toEqual([false, false, false]);
    expect(await on('restore', 'arn:aws:cloudformation:x:1:stack/other/1')).toBe(false);
    for (const id of ['DocumentsProve', 'DocumentsRestore'])
      expect(await may('ssm:SendCommand', document(id))).toBe(true);
    for (const other of [
      document('DocumentsBackup'),
      `arn:aws:ssm:${REGION}:${ACCOUNT}:document/AWS-RunShellScript`,
    ])
      expect(await may('ssm:SendCommand', other)).toBe(false);
  });

  test('gets in nowhere, and reads no password', async () => {
    expect(await may('ssm:StartSession', instance, { [ssmTag(TAGS.stack)]: stackId })).toBe(false);
    const secret = concrete.text({
      'Fn::GetAtt': [concrete.id('AWS::RDS::DBInstance'), 'MasterUserSecret.SecretArn'],
    });
    expect(await may('secretsmanager:GetSecretValue', secret)).toBe(false);
    expect(await may('lambda:InvokeFunction', functionArn('LifecycleSweep'))).toBe(false);
  });
});

describe('auditor', () => {
  const { may, document, instance, functionArn } = personOf('AccessAuditor');

  test('sees attempts', async () => {
    expect(await may('cloudtrail:LookupEvents', '*')).toBe(true);
    expect(await may('ssm:DescribeSessions', '*')).toBe(true);
  });

  test('gets in nowhere and changes nothing', async () => {
    expect(await may('ssm:StartSession', instance)).toBe(false);
    expect(await may('ssm:StartSession', document('SessionsShell'))).toBe(false);
    expect(await may('lambda:InvokeFunction', functionArn('LifecycleCreate'))).toBe(false);
    expect(await may('ec2:TerminateInstances', instance)).toBe(false);
  });
});

test.each([
  ['operator', 'AccessOperator'],
  ['owner', 'OwnerPolicy'],
  ['auditor', 'AccessAuditor'],
] as const)('%s may do what the reviewed list says, and nothing else in AWS', async (name, id) => {
  const { concrete } = personOf(id);
  const resource = concrete.template.Resources[concrete.id('AWS::IAM::ManagedPolicy', id)];
  const grants = resource === undefined ? [] : grantsOf(resource, await everyAction());
  expect(grants.sort()).toEqual([...REVIEWED_PEOPLE[name]].sort());
});
