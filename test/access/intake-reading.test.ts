import { TAGS } from '../../contract/tags';
import { jsonWith } from '../lib/synth';
import { CONFIGURATIONS } from '../configurations';
import { everyAction, grantsOf } from './closed-world';
import { ACCOUNT, Concrete } from './concrete';
import { type Context, isAllowed, sessionOf } from './decide';
import { bucketPolicy, keyPolicy, managedPolicy } from './policies';
import { REVIEWED_PEOPLE } from './reviewed-people';

const INTAKE_LINES = [
  's3:ListBucket on {BackupsBucket.Arn} if s3:prefix',
  's3:GetObject on {BackupsBucket.Arn}/intake/*',
  'kms:Decrypt on {EncryptionKey.Arn} if kms:ViaService',
  ...['logs', 'web'].flatMap((source) =>
    ['iam:GetPolicy', 'iam:GetPolicyVersion'].map((action) => `${action} on {Intake${source}VmPolicy}`),
  ),
];

/** What the service that is asked adds: its resource's own policy, and what it says of the connection. */
function inService(concrete: Concrete, action: string, context: Context) {
  if (action.startsWith('s3:'))
    return { context: { 's3:TlsVersion': '1.3', ...context }, resourcePolicy: bucketPolicy(concrete) };
  return action.startsWith('kms:') ? { context, resourcePolicy: keyPolicy(concrete) } : { context };
}

function personOf(policy: 'AccessOperator' | 'AccessAuditor', settings: object = {}) {
  const concrete = new Concrete(jsonWith({ ...CONFIGURATIONS.full, ...settings }));
  const asker = sessionOf(`arn:aws:iam::${ACCOUNT}:role/dev`, [
    { name: policy, policy: managedPolicy(concrete, policy) },
  ]);
  const bucket = concrete.arn(concrete.id('AWS::S3::Bucket', 'Backups'));
  const may = (action: string, resource: string, context: Context = {}): Promise<boolean> =>
    isAllowed(asker, { action, resource, ...inService(concrete, action, context) });
  return { concrete, may, bucket };
}

describe('an operator', () => {
  const { concrete, may, bucket } = personOf('AccessOperator');

  test('reads receipts and files of every source, and no backup', async () => {
    for (const key of ['intake/web/receipts/1/receipt.json', 'intake/logs/packs/0a'])
      expect([key, await may('s3:GetObject', `${bucket}/${key}`)]).toEqual([key, true]);
    for (const key of ['backups/app/1/manifest.json', 'intake', 'x', 'intakes/web/x'])
      expect([key, await may('s3:GetObject', `${bucket}/${key}`)]).toEqual([key, false]);
  });

  test('lists names below intake/ and no others', async () => {
    expect(await may('s3:ListBucket', bucket, { 's3:prefix': 'intake/web/receipts/' })).toBe(true);
    for (const prefix of [undefined, '', 'backups/', 'i'])
      expect([prefix, await may('s3:ListBucket', bucket, { 's3:prefix': prefix })]).toEqual([prefix, false]);
  });

  test('writes, changes and deletes nothing there', async () => {
    for (const action of ['PutObject', 'DeleteObject', 'PutObjectTagging', 'PutObjectRetention'])
      expect([action, await may(`s3:${action}`, `${bucket}/intake/web/x`)]).toEqual([action, false]);
  });

  test('decrypts through S3 alone', async () => {
    const key = concrete.arn(concrete.id('AWS::KMS::Key'));
    expect(await may('kms:Decrypt', key, { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' })).toBe(true);
    for (const service of [undefined, 'logs.eu-west-1.amazonaws.com'])
      expect(await may('kms:Decrypt', key, { 'kms:ViaService': service })).toBe(false);
  });

  test('reads the policies of the sources’ machines, and no other', async () => {
    const [policy = ''] = concrete.ids('AWS::IAM::ManagedPolicy', 'IntakewebVm');
    expect(await may('iam:GetPolicy', concrete.ref(policy))).toBe(true);
    expect(await may('iam:GetPolicyVersion', concrete.ref(policy))).toBe(true);
    const [own = ''] = concrete.ids('AWS::IAM::ManagedPolicy', 'AccessOperator');
    expect(await may('iam:GetPolicy', concrete.ref(own))).toBe(false);
    expect(await may('iam:CreatePolicyVersion', concrete.ref(policy))).toBe(false);
  });

  test('still reaches no box of a source', async () => {
    const stack = concrete.ref('AWS::StackId');
    const context = {
      'ssm:SessionDocumentAccessCheck': 'true',
      [`ssm:resourceTag/${TAGS.stack}`]: stack,
      [`ssm:resourceTag/${TAGS.purpose}`]: 'intake',
    };
    const box = `arn:aws:ec2:eu-west-1:${ACCOUNT}:instance/i-0123456789abcdef0`;
    expect(await may('ssm:StartSession', box, context)).toBe(false);
  });

  test('may do what the reviewed list says, and nothing else in AWS', async () => {
    const resource = concrete.template.Resources[concrete.id('AWS::IAM::ManagedPolicy', 'AccessOperator')];
    if (resource === undefined) throw new Error('no policy');
    const expected = [...REVIEWED_PEOPLE.operator, ...INTAKE_LINES];
    expect(grantsOf(resource, await everyAction()).sort()).toEqual(expected.sort());
  });
});

test('where operators need a second factor, reading needs it too', async () => {
  const { may, bucket } = personOf('AccessOperator', { operatorMfa: true });
  const read = (mfa: string | undefined) =>
    may('s3:GetObject', `${bucket}/intake/web/receipts/1/receipt.json`, {
      'aws:MultiFactorAuthPresent': mfa,
    });
  expect([await read('true'), await read('false'), await read(undefined)]).toEqual([true, false, false]);
});

test('an auditor reads nothing of it', async () => {
  const { may, bucket } = personOf('AccessAuditor');
  expect(await may('s3:GetObject', `${bucket}/intake/web/receipts/1/receipt.json`)).toBe(false);
  expect(await may('s3:ListBucket', bucket, { 's3:prefix': 'intake/' })).toBe(false);
});
