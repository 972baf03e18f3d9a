import { flat, jsonWith, resourceOf, statement, templateWith } from './synth';

const key = resourceOf(jsonWith(), 'AWS::KMS::Key');

describe('encryption', () => {
  test('has one key, which rotates and outlives the stack with what it encrypts', () => {
    templateWith().resourceCountIs('AWS::KMS::Key', 1);
    expect(key.Properties.EnableKeyRotation).toBe(true);
    expect(key).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
  });

  test('can be granted to services of AWS only, so that no grant opens the backups', () => {
    expect(statement(key, 'GrantsToServicesOfAwsOnly')).toMatchObject({
      Effect: 'Deny',
      Action: 'kms:CreateGrant',
      Principal: { AWS: '*' },
      Condition: {
        BoolIfExists: { 'kms:GrantIsForAWSResource': 'false', 'aws:PrincipalIsAWSService': 'false' },
      },
    });
  });

  test('lets CloudWatch Logs use the key for the log groups of this stack (aws-facts 13.13)', () => {
    const { Principal, Condition } = statement(key, 'LogGroupsOfThisStack');
    expect(flat((Principal as { Service: unknown }).Service)).toBe('logs.{AWS::Region}.amazonaws.com');
    const like = Condition?.ArnLike as Record<string, unknown[]>;
    const groups = 'arn:{AWS::Partition}:logs:{AWS::Region}:{AWS::AccountId}:log-group:';
    expect(like['kms:EncryptionContext:aws:logs:arn']?.map(flat)).toEqual([
      `${groups}{AWS::StackName}-*`,
      `${groups}/aws/rds/instance/drawbridge-*`,
    ]);
  });

  test('owns every log group: encrypted, forgetting, gone with the stack (aws-facts 13.11)', () => {
    const groups = Object.values(jsonWith().Resources).filter(({ Type }) => Type === 'AWS::Logs::LogGroup');
    // Five functions, two state machines, flow logs, two logs of the database, what is typed in shells.
    expect(groups).toHaveLength(11);
    for (const { Properties, DeletionPolicy } of groups) {
      expect(Properties).toHaveProperty('KmsKeyId');
      expect(Properties.RetentionInDays).toBe(90);
      expect(DeletionPolicy).toBe('Delete');
    }
  });

  test('lets no role create a log group, so that none comes back after the stack', () => {
    expect(JSON.stringify(jsonWith())).not.toContain('logs:CreateLogGroup');
  });
});
