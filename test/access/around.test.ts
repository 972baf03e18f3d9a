import { CONFIGURATION_NAMES, EXISTING_DATABASE } from '../configurations';
import { ACCOUNT, REGION, STACK_NAME } from './concrete';
import { ADMINISTRATOR, type Context, isAllowed, service } from './decide';
import { endpointPolicy, keyPolicy } from './policies';
import { JudgedStack } from './stack';

/** For what a configuration does not have: no test, rather than one that is skipped. */
const notHere = (name: string): string => name;
/** Boxes that log in to the database by themselves. */
const WITH_PASSWORD = ['backup box', 'restore box'];

describe.each(CONFIGURATION_NAMES)('in the %s stack', (configuration) => {
  const stack = new JudgedStack(configuration);
  const { concrete } = stack;

  describe('the key lets CloudWatch Logs in', () => {
    const logs = service(`logs.${REGION}.amazonaws.com`);
    const USES = [
      'kms:Encrypt',
      'kms:Decrypt',
      'kms:GenerateDataKey',
      'kms:ReEncryptFrom',
      'kms:DescribeKey',
    ];
    const mayUse = (action: string, group: string, who = logs) =>
      isAllowed(who, {
        action,
        resource: stack.keyArn,
        resourcePolicy: keyPolicy(concrete),
        ...(action === 'kms:DescribeKey' ? {} : { context: { 'kms:EncryptionContext:aws:logs:arn': group } }),
      });
    const arn = (name: string, account = ACCOUNT): string =>
      `arn:aws:logs:${REGION}:${account}:log-group:${name}`;
    const groups = concrete.ids('AWS::Logs::LogGroup');

    test.each(groups)('for %s', async (id) => {
      for (const action of USES.filter((one) => one !== 'kms:DescribeKey'))
        expect([action, await mayUse(action, arn(concrete.ref(id)))]).toEqual([action, true]);
    });

    test('for no other group, nor for another account’s', async () => {
      for (const group of [arn('other-Logs'), arn('/aws/lambda/x'), arn(`${STACK_NAME}-x`, '999999999999')])
        for (const action of USES) expect([group, await mayUse(action, group)]).toEqual([group, false]);
    });

    test('and no other service', async () => {
      for (const name of ['s3', 'ec2', 'lambda', 'logs.us-east-1'])
        expect(
          await mayUse('kms:Decrypt', arn(concrete.ref(groups[0] ?? '')), service(`${name}.amazonaws.com`)),
        ).toBe(false);
    });
  });

  const throughOurs = stack.stranger ? notHere : describe;
  throughOurs('through the S3 endpoint', () => {
    const may = (action: string, resource: string) =>
      isAllowed(ADMINISTRATOR, { action, resource, endpointPolicy: endpointPolicy(concrete) });
    const repositories = `arn:aws:s3:::al2023-repos-${REGION}-de612dc2`;
    const assets = `arn:aws:s3:::cdk-hnb659fds-assets-${ACCOUNT}-${REGION}`;

    test('even somebody who may do everything reaches three buckets', async () => {
      expect(await may('s3:GetObject', `${repositories}/core/repodata/repomd.xml`)).toBe(true);
      expect(await may('s3:GetObject', `${assets}/0a.cjs`)).toBe(true);
      for (const action of [
        'GetObject',
        'GetObjectVersion',
        'PutObject',
        'AbortMultipartUpload',
        'ListMultipartUploadParts',
      ])
        expect([action, await may(`s3:${action}`, `${stack.bucketArn}/backups/x`)]).toEqual([action, true]);
      expect(await may('s3:ListBucket', stack.bucketArn)).toBe(true);
    });

    test('and no other one, neither to read nor to carry data away', async () => {
      for (const bucket of [
        'thief',
        `al2023-repos-us-east-1-de612dc2`,
        `${stack.bucketArn.split(':::')[1] ?? ''}-x`,
      ])
        for (const action of ['s3:GetObject', 's3:PutObject'])
          expect([bucket, await may(action, `arn:aws:s3:::${bucket}/x`)]).toEqual([bucket, false]);
    });

    test('and writes to neither of the other two, and deletes nowhere', async () => {
      for (const bucket of [repositories, assets])
        expect(await may('s3:PutObject', `${bucket}/x`)).toBe(false);
      for (const bucket of [repositories, assets, stack.bucketArn])
        for (const action of ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:PutObjectRetention'])
          expect(await may(action, `${bucket}/x`)).toBe(false);
    });
  });

  describe('the password of the database', () => {
    const mayRead = (resource: string, name: Parameters<JudgedStack['session']>[0]) =>
      isAllowed(stack.session(name), { action: 'secretsmanager:GetSecretValue', resource });

    test('is read by boxes that back up or restore and by no other role', async () => {
      for (const name of stack.roles)
        expect([name, await mayRead(stack.secretArn, name)]).toEqual([name, WITH_PASSWORD.includes(name)]);
    });

    test('is the only secret that they read', async () => {
      const other = stack.secretArn.replace(/secret:./, 'secret:x');
      expect(other).not.toBe(stack.secretArn);
      expect(await mayRead(other, 'backup box')).toBe(false);
    });

    const withKey = stack.stranger ? test : notHere;
    withKey(
      'with a key of its own is decrypted by these boxes, through Secrets Manager, and nothing else is',
      async () => {
        const mayDecrypt = (name: Parameters<JudgedStack['session']>[0], change: Context = {}) =>
          isAllowed(stack.session(name), {
            action: 'kms:Decrypt',
            resource: EXISTING_DATABASE.databaseSecretKeyArn,
            context: {
              'kms:ViaService': `secretsmanager.${REGION}.amazonaws.com`,
              'kms:EncryptionContext:SecretARN': stack.secretArn,
              ...change,
            },
            resourcePolicy: keyPolicy(concrete),
          });
        for (const name of stack.roles)
          expect([name, await mayDecrypt(name)]).toEqual([name, WITH_PASSWORD.includes(name)]);
        for (const change of [
          { 'kms:ViaService': undefined },
          { 'kms:ViaService': `s3.${REGION}.amazonaws.com` },
          { 'kms:EncryptionContext:SecretARN': `${stack.secretArn}x` },
        ])
          expect(await mayDecrypt('backup box', change)).toBe(false);
      },
    );
  });

  const withEndpoints = endpointPolicy(concrete, 'NetworkEndpointsSsmMessages') ? describe : notHere;
  withEndpoints('through the interface endpoints', () => {
    const may = (endpoint: string, action: string, resource: string, account = ACCOUNT) =>
      isAllowed(
        { ...ADMINISTRATOR, identity: { ...ADMINISTRATOR.identity, 'aws:PrincipalAccount': account } },
        { action, resource, endpointPolicy: endpointPolicy(concrete, `NetworkEndpoints${endpoint}`) },
      );
    const instance = stack.ec2Arn('instance/i-0123456789abcdef0');
    const group = `arn:aws:autoscaling:${REGION}:${ACCOUNT}:autoScalingGroup:1:autoScalingGroupName/some`;

    const shells = concrete.arn(concrete.id('AWS::Logs::LogGroup', 'SessionLogs')).replace(/:\*$/, '');

    test('even somebody who may do everything does what an agent does, and reads one secret', async () => {
      expect(await may('Logs', 'logs:PutLogEvents', `${shells}:log-stream:one`)).toBe(true);
      expect(await may('Logs', 'logs:DescribeLogGroups', '*')).toBe(true);
      expect(await may('SsmC', 'ssm:UpdateInstanceInformation', instance)).toBe(true);
      for (const channel of ['Control', 'Data'])
        for (const verb of ['Create', 'Open'])
          expect(await may('SsmMessages', `ssmmessages:${verb}${channel}Channel`, '*')).toBe(true);
      expect(await may('Secrets', 'secretsmanager:GetSecretValue', stack.secretArn)).toBe(true);
      expect(await may('AutoScaling', 'autoscaling:TerminateInstanceInAutoScalingGroup', group)).toBe(true);
    });

    test('and nothing else, nor for another account', async () => {
      expect(await may('Logs', 'logs:PutLogEvents', `${shells}x:log-stream:one`)).toBe(false);
      expect(await may('Logs', 'logs:GetLogEvents', `${shells}:log-stream:one`)).toBe(false);
      expect(await may('AutoScaling', 'autoscaling:SetDesiredCapacity', group)).toBe(false);
      expect(await may('SsmC', 'ssm:SendCommand', instance)).toBe(false);
      expect(await may('SsmC', 'ssm:UpdateInstanceInformation', instance, '999999999999')).toBe(false);
      const other = stack.secretArn.replace('rds!', 'other-');
      expect(await may('Secrets', 'secretsmanager:GetSecretValue', other)).toBe(false);
      for (const action of ['PutSecretValue', 'DeleteSecret'])
        expect(await may('Secrets', `secretsmanager:${action}`, stack.secretArn)).toBe(false);
    });
  });

  test('the schedule invokes the sweep and nothing else', async () => {
    const may = (prefix: string) =>
      isAllowed(stack.session('schedule'), {
        action: 'lambda:InvokeFunction',
        resource: concrete.arn(concrete.id('AWS::Lambda::Function', prefix)),
      });
    expect(await may('LifecycleSweep')).toBe(true);
    for (const prefix of ['LifecycleCreate', 'LifecycleDestroy', 'DrainDrainer'])
      expect(await may(prefix)).toBe(false);
  });

  test('the sweep aborts uploads of backups and touches no object', async () => {
    const may = (action: string, resource: string) => isAllowed(stack.session('sweep'), { action, resource });
    expect(await may('s3:ListBucketMultipartUploads', stack.bucketArn)).toBe(true);
    expect(await may('s3:AbortMultipartUpload', `${stack.bucketArn}/backups/x`)).toBe(true);
    expect(await may('s3:AbortMultipartUpload', `${stack.bucketArn}/x`)).toBe(false);
    for (const action of ['GetObject', 'PutObject', 'DeleteObject', 'DeleteObjectVersion'])
      expect(await may(`s3:${action}`, `${stack.bucketArn}/backups/x`)).toBe(false);
  });
});
