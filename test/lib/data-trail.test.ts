import { Graph } from './graph';
import { jsonWith, readable, resourceOf, statement, statementsOf } from './synth';

const kept = jsonWith({ cloudTrailDataEvents: true });
const deleted = jsonWith({ cloudTrailDataEvents: true, onDestroy: 'delete' });

const TRAIL = 'arn:{AWS::Partition}:cloudtrail:{AWS::Region}:{AWS::AccountId}:trail/{AWS::StackName}-backups';

const conditionOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.values(value as Record<string, Record<string, unknown>>)
      .flatMap(Object.entries)
      .map(([key, one]) => [key, readable(one)]),
  );

test('no trail unless asked for', () => {
  const types = Object.values(jsonWith().Resources).map(({ Type }) => Type);
  expect(types).not.toContain('AWS::CloudTrail::Trail');
  expect(types.filter((type) => type === 'AWS::S3::Bucket')).toHaveLength(1);
});

test('records every request for an object of the bucket of backups, and nothing else', () => {
  const { Properties } = resourceOf(kept, 'AWS::CloudTrail::Trail');
  expect(Properties).toMatchObject({
    IsLogging: true,
    EnableLogFileValidation: true,
    IsMultiRegionTrail: false,
    IncludeGlobalServiceEvents: false,
  });
  expect(Properties).not.toHaveProperty('EventSelectors');
  const [selector, ...others] = Properties.AdvancedEventSelectors as {
    FieldSelectors: { Field: string; Equals?: string[]; StartsWith?: unknown[] }[];
  }[];
  expect(others).toEqual([]);
  const fields = (selector?.FieldSelectors ?? []).map(({ Field, Equals, StartsWith }) => [
    Field,
    Equals ?? StartsWith?.map(readable),
  ]);
  expect(fields).toEqual([
    ['eventCategory', ['Data']],
    ['resources.type', ['AWS::S3::Object']],
    ['resources.ARN', ['{BackupsBucket.Arn}/']],
  ]);
});

test('in a bucket of its own: encrypted, TLS only, private, versioned, for a year and a month', () => {
  const { Properties } = resourceOf(kept, 'AWS::S3::Bucket', 'DataTrail');
  expect(JSON.stringify(Properties.BucketEncryption)).toMatch(/EncryptionKey.*"SSEAlgorithm":"aws:kms"/);
  expect(Properties.PublicAccessBlockConfiguration).toEqual({
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  });
  expect(Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
  expect(Properties.LifecycleConfiguration).toMatchObject({ Rules: [{ ExpirationInDays: 400 }] });
  expect(Properties.Tags).toContainEqual({ Key: 'drawbridge:stack', Value: { Ref: 'AWS::StackId' } });
  const policy = resourceOf(kept, 'AWS::S3::BucketPolicy', 'DataTrail');
  const denied = statementsOf(policy).filter(({ Effect }) => Effect === 'Deny');
  expect(JSON.stringify(denied)).toMatch(/aws:SecureTransport.*s3:TlsVersion/);
});

test('bucket and key admit this one trail', () => {
  const policy = resourceOf(kept, 'AWS::S3::BucketPolicy', 'DataTrail');
  const allowed = statementsOf(policy).filter(({ Effect }) => Effect === 'Allow');
  expect(allowed.map(({ Sid }) => Sid)).toEqual(['TrailLooks', 'TrailWrites']);
  for (const { Principal, Condition } of allowed) {
    expect(Principal).toEqual({ Service: 'cloudtrail.amazonaws.com' });
    expect(conditionOf(Condition)['aws:SourceArn']).toBe(TRAIL);
  }
  const key = resourceOf(kept, 'AWS::KMS::Key');
  for (const sid of ['TrailEncrypts', 'TrailLooks'])
    expect(conditionOf(statement(key, sid).Condition)['aws:SourceArn']).toBe(TRAIL);
  const { TrailName } = resourceOf(kept, 'AWS::CloudTrail::Trail').Properties;
  expect(readable(TrailName)).toBe('{AWS::StackName}-backups');
  expect(statementsOf(resourceOf(jsonWith(), 'AWS::KMS::Key')).map(({ Sid }) => Sid)).not.toContain(
    'TrailLooks',
  );
});

test('keep: the records stay with their policy, the trail goes', () => {
  const policies = ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy'].map(
    (type) => resourceOf(kept, type, 'DataTrail').DeletionPolicy,
  );
  expect(policies).toEqual(['RetainExceptOnCreate', 'RetainExceptOnCreate']);
  expect(resourceOf(kept, 'AWS::CloudTrail::Trail').DeletionPolicy ?? 'Delete').toBe('Delete');
});

test('delete: the trail goes, then its permission to write, then the records, then their bucket', () => {
  const graph = new Graph(deleted);
  const [trail = ''] = graph.ids('AWS::CloudTrail::Trail');
  const [policy = ''] = graph.ids('AWS::S3::BucketPolicy', 'DataTrail');
  const [emptier = ''] = graph.ids('Custom::DrawbridgeEmptier', 'DataTrail');
  const [bucket = ''] = graph.ids('AWS::S3::Bucket', 'DataTrail');
  expect(graph.goneAfter(trail)).toContain(policy);
  expect(graph.goneAfter(policy)).toContain(emptier);
  expect(graph.goneAfter(emptier)).toContain(bucket);
  const [role = ''] = graph.ids('AWS::IAM::Policy', 'DataTrailEmptier');
  expect(graph.goneAfter(emptier)).toContain(role);
  const text = JSON.stringify(statementsOf(resourceOf(deleted, 'AWS::IAM::Policy', 'DataTrailEmptier')));
  expect(text).not.toContain('BackupsBucket');
});
