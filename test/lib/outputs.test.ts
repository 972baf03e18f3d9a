import { jsonWith, readable } from './synth';

const value = (name: string, settings: object = {}): string =>
  readable(jsonWith(settings).Outputs[name]?.Value);

describe('outputs', () => {
  test('name what an operator needs, each with a sentence', () => {
    expect(Object.keys(jsonWith().Outputs)).toEqual([
      'CreateFunctionName',
      'DestroyFunctionName',
      'SweepFunctionName',
      'BackupBucketName',
      'BackupDocumentName',
      'ProveDocumentName',
      'RestoreDocumentName',
      'OneTimeKeyDocumentName',
      'ConnectDocumentName',
      'DatabaseEngine',
      'DatabaseEndpoint',
      'DatabasePort',
      'DatabaseName',
      'DatabaseSecretArn',
      'PasswordCommand',
      'RunStateMachineArn',
      'BackupStateMachineArn',
      'RetainFunctionName',
      'OwnerPolicyArn',
      'TopicArn',
      'ShellDocumentName',
      'SshDocumentName',
      'HostKeysDocumentName',
      'SessionLogGroupName',
      'OperatorPolicyArn',
      'AuditorPolicyArn',
      'ConnectCommand',
      'JumpHostGroupName',
      'JumpHostUpCommand',
      'JumpHostDownCommand',
    ]);
    for (const { Description } of Object.values(jsonWith().Outputs)) expect(Description).toMatch(/\w+ \w+/);
  });

  test('hold the exact command that puts the database on localhost through the jump host', () => {
    expect(value('ConnectCommand')).toBe(
      'aws ssm start-session --region {AWS::Region} --document-name {SessionsConnect} ' +
        '--parameters localPortNumber={DatabaseInstance.Endpoint.Port} ' +
        '--target "$(aws ec2 describe-instances --region {AWS::Region} ' +
        '--filters Name=tag:drawbridge:stack,Values={AWS::StackId} Name=tag:drawbridge:purpose,Values=jump-host ' +
        'Name=instance-state-name,Values=running --query "Reservations[0].Instances[0].InstanceId" --output text)"',
    );
    expect(value('JumpHostUpCommand')).toMatch(
      /^aws autoscaling set-desired-capacity --region \{AWS::Region\} --auto-scaling-group-name \{JumpHostGroupASG\} --desired-capacity 1$/,
    );
  });

  test('lead through an access box where there is no jump host', () => {
    const outputs = jsonWith({ jumpHost: 'none' }).Outputs;
    expect(value('ConnectCommand', { jumpHost: 'none' })).toContain('Values=access ');
    expect(outputs.ConnectCommand?.Description).toContain('open one first');
    expect(outputs).not.toHaveProperty('JumpHostUpCommand');
  });
});
