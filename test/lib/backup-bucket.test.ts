import { jsonWith, readable, resourceOf, statement, statementsOf, templateWith } from './synth';

const bucket = resourceOf(jsonWith(), 'AWS::S3::Bucket');
const policy = resourceOf(jsonWith(), 'AWS::S3::BucketPolicy');

describe('backup bucket', () => {
  test('keeps every version, encrypted with our key and its bucket key, closed to the public', () => {
    expect(bucket.Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } },
        ],
      },
    });
  });

  test('can lock, and locks by setting', () => {
    const lockOf = (settings: object) =>
      resourceOf(jsonWith(settings), 'AWS::S3::Bucket').Properties.ObjectLockConfiguration;
    const lock = (Mode: string, Days: number) => ({
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode, Days } },
    });
    expect(lockOf({})).toEqual(lock('GOVERNANCE', 7));
    expect(lockOf({ objectLockMode: 'compliance', objectLockDays: 30 })).toEqual(lock('COMPLIANCE', 30));
    const none = resourceOf(jsonWith({ objectLockMode: 'none' }), 'AWS::S3::Bucket').Properties;
    expect(none.ObjectLockConfiguration).toBeUndefined();
    expect(none.ObjectLockEnabled).toBe(true);
  });

  test.each([
    [720, 1],
    [1440, 1],
    [1441, 2],
    [2880, 2],
  ])(
    'aborts uploads that no box of %i minutes can still be working on, after %i days (aws-facts 13.15)',
    (maxTtlMinutes, days) => {
      const { LifecycleConfiguration } = resourceOf(
        jsonWith({ maxTtlMinutes }),
        'AWS::S3::Bucket',
      ).Properties;
      expect(LifecycleConfiguration).toMatchObject({
        Rules: [
          { Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: days } },
          { Id: 'ExpireMarked' },
          { Id: 'ForgetDeleted' },
        ],
      });
    },
  );

  test('expires what was marked, and nothing else (aws-facts 13.1)', () => {
    const { Rules } = bucket.Properties.LifecycleConfiguration as { Rules: Record<string, unknown>[] };
    const expiring = Rules.filter(
      (rule) => 'ExpirationInDays' in rule || 'NoncurrentVersionExpiration' in rule,
    );
    expect(expiring).toEqual([
      {
        Id: 'ExpireMarked',
        Status: 'Enabled',
        TagFilters: [{ Key: 'drawbridge:expirable', Value: 'yes' }],
        ExpirationInDays: 1,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
    ]);
  });

  test('stays with its policy when the stack goes, but not when it could not be created (aws-facts 13.8)', () => {
    for (const kept of [bucket, policy]) {
      expect(kept).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
    }
    templateWith().resourceCountIs('Custom::S3AutoDeleteObjects', 0);
    expect(bucket.Properties.Tags).toContainEqual({
      Key: 'drawbridge:stack',
      Value: { Ref: 'AWS::StackId' },
    });
  });
});

describe('bucket policy', () => {
  const denial = (sid: string) => {
    const { Effect, Action, Resource, Condition } = statement(policy, sid);
    return { Effect, Action, Resource: readable(Resource), Condition };
  };
  const onWrites = {
    Effect: 'Deny',
    Action: ['s3:PutObject', 's3:Replicate*'],
    Resource: '{BackupsBucket.Arn}/*',
  };

  test('only ever denies: permissions are the roles’', () => {
    expect(statementsOf(policy).map(({ Effect }) => Effect)).toEqual(Array(6).fill('Deny'));
  });

  test('denies writes that do not come through the endpoint', () => {
    const { Condition, ...rest } = denial('OnlyThroughTheEndpoint');
    expect(rest).toEqual(onWrites);
    const { StringNotEquals } = Condition as { StringNotEquals: Record<string, unknown> };
    expect(readable(StringNotEquals['aws:SourceVpce'])).toBe('{NetworkVpcS3}');
  });

  test('denies writes by anybody but the backup boxes’ role', () => {
    const { Condition, ...rest } = denial('OnlyByBackupBoxes');
    expect(rest).toEqual(onWrites);
    const { ArnNotEquals } = Condition as { ArnNotEquals: Record<string, unknown> };
    expect(readable(ArnNotEquals['aws:PrincipalArn'])).toBe('{BackupBoxBlueprintRole.Arn}');
  });

  test('denies overwriting, and exempts the parts of multipart uploads, which carry no condition', () => {
    expect(denial('OnlyNewKeys')).toEqual({
      ...onWrites,
      Action: 's3:PutObject',
      Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
    });
  });

  test('denies boxes all but what a backup needs, so also to delete and to unlock', () => {
    const { Action, Condition, Resource } = denial('NoDeletesByBoxes');
    expect(Action).toBeUndefined();
    expect(statement(policy, 'NoDeletesByBoxes').NotAction).toEqual([
      's3:PutObject',
      's3:AbortMultipartUpload',
      's3:ListMultipartUploadParts',
      's3:GetObject',
      's3:GetObjectVersion',
    ]);
    expect(Resource).toBe('{BackupsBucket.Arn}/*');
    const { ArnEquals } = Condition as { ArnEquals: Record<string, unknown[]> };
    expect(ArnEquals['aws:PrincipalArn']?.map(readable)).toEqual([
      '{AccessBoxBlueprintRole.Arn}',
      '{BackupBoxBlueprintRole.Arn}',
      '{RestoreBoxBlueprintRole.Arn}',
    ]);
  });

  test('demands TLS 1.2, and locks nobody out of managing the bucket', () => {
    const [tls, version, ...others] = statementsOf(policy);
    expect(tls?.Condition).toEqual({ Bool: { 'aws:SecureTransport': 'false' } });
    expect(version?.Condition).toEqual({ NumericLessThan: { 's3:TlsVersion': 1.2 } });
    for (const { Action, Resource } of others) {
      expect(readable(Resource)).toBe('{BackupsBucket.Arn}/*');
      expect([Action].flat().join()).not.toMatch(/s3:\*|Bucket/);
    }
  });
});
