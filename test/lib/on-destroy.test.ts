import { Graph } from './graph';
import { jsonWith, readable, resourceOf, statement, templateWith } from './synth';

const DATA = ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy', 'AWS::KMS::Key', 'AWS::RDS::DBInstance'] as const;

const policiesOf = (settings: object): Record<string, unknown> =>
  Object.fromEntries(
    DATA.map((type) => {
      const { DeletionPolicy, UpdateReplacePolicy } = resourceOf(jsonWith(settings), type);
      return [type, [DeletionPolicy, UpdateReplacePolicy]];
    }),
  );

const kept = ['RetainExceptOnCreate', 'Retain'];
const deleted = ['Delete', 'Retain'];

test('keep: bucket, policy and key stay, the database as a snapshot; a failed first deployment leaves no orphan', () => {
  expect(policiesOf({})).toEqual({
    'AWS::S3::Bucket': kept,
    'AWS::S3::BucketPolicy': kept,
    'AWS::KMS::Key': kept,
    'AWS::RDS::DBInstance': ['Snapshot', 'Snapshot'],
  });
  templateWith().resourceCountIs('Custom::DrawbridgeEmptier', 0);
});

test('delete: all of it goes with the stack, and none of it in an update', () => {
  expect(policiesOf({ onDestroy: 'delete' })).toEqual({
    'AWS::S3::Bucket': deleted,
    'AWS::S3::BucketPolicy': deleted,
    'AWS::KMS::Key': deleted,
    'AWS::RDS::DBInstance': ['Delete', 'Snapshot'],
  });
});

test.each(DATA)('what survives is found by its tag, its snapshot too: %s (aws-facts 13.8)', (type) => {
  const { Properties } = resourceOf(jsonWith(), type);
  if (type === 'AWS::S3::BucketPolicy') return;
  expect(Properties.Tags).toContainEqual({ Key: 'drawbridge:stack', Value: { Ref: 'AWS::StackId' } });
  if (type === 'AWS::RDS::DBInstance') expect(Properties.CopyTagsToSnapshot).toBe(true);
});

test('everything else goes with the stack, whatever the setting', () => {
  for (const onDestroy of ['keep', 'delete'])
    for (const [id, { Type, DeletionPolicy = 'Delete' }] of Object.entries(jsonWith({ onDestroy }).Resources))
      if (!DATA.some((type) => type === Type)) expect([id, DeletionPolicy]).toEqual([id, 'Delete']);
});

describe('the emptier', () => {
  const template = jsonWith({ onDestroy: 'delete' });
  const graph = new Graph(template);
  const [emptier = ''] = graph.ids('Custom::DrawbridgeEmptier');
  const [drain = ''] = graph.ids('Custom::DrawbridgeDrain');

  test('runs after the boxes are drained (aws-facts 13.9), so after whatever can open a box', () => {
    expect(graph.goneAfter(drain)).toContain(emptier);
    for (const id of graph.ids('AWS::Lambda::Function', 'LifecycleCreate'))
      expect(graph.goneAfter(id)).toContain(emptier);
  });

  test.each([
    ['the bucket', 'AWS::S3::Bucket', ''],
    ['its policy, which lets it in', 'AWS::S3::BucketPolicy', ''],
    ['its own function', 'AWS::Lambda::Function', 'Emptier'],
    ['its role', 'AWS::IAM::Role', 'Emptier'],
    ['its permissions', 'AWS::IAM::Policy', 'Emptier'],
    ['its log group', 'AWS::Logs::LogGroup', 'Emptier'],
    ['the key', 'AWS::KMS::Key', ''],
  ])('%s: gone only after it', (_, type, prefix) => {
    const ids = graph.ids(type, prefix);
    expect(ids).toHaveLength(1);
    for (const id of ids) expect(graph.goneAfter(emptier)).toContain(id);
  });

  test('is the only one that the bucket lets bypass a lock', () => {
    const { Effect, Action, Condition, Resource } = statement(
      resourceOf(template, 'AWS::S3::BucketPolicy'),
      'LocksBypassedByTheEmptierOnly',
    );
    expect([Effect, Action, readable(Resource)]).toEqual([
      'Deny',
      's3:BypassGovernanceRetention',
      '{BackupsBucket.Arn}/*',
    ]);
    const { ArnNotEquals } = Condition as { ArnNotEquals: Record<string, unknown> };
    expect(readable(ArnNotEquals['aws:PrincipalArn'])).toBe('{EmptierEmptyRole.Arn}');
  });

  test('that never answers holds the deletion up for sixteen minutes, not an hour', () => {
    expect(resourceOf(template, 'Custom::DrawbridgeEmptier').Properties.ServiceTimeout).toBe('960');
  });
});
