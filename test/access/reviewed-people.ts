const SESSION = 'on arn:aws:ssm:{here}:session/* if ssm:resourceTag/aws:ssmmessages:session-id';
const document = (name: string): string =>
  `ssm:StartSession on arn:aws:ssm:{here}:document/{Sessions${name}} if ssm:SessionDocumentAccessCheck`;

/** What the policies for people allow, reviewed line by line as in reviewed.ts. */
export const REVIEWED_PEOPLE = {
  operator: [
    'cloudformation:DescribeStacks on {AWS::StackId}',
    'ec2:DescribeInstances on *',
    'ssm:DescribeInstanceInformation on *',
    'lambda:InvokeFunction on {LifecycleCreateFunction.Arn}',
    'lambda:InvokeFunction on {LifecycleDestroyFunction.Arn}',
    'autoscaling:SetDesiredCapacity on arn:aws:autoscaling:{here}:autoScalingGroup:*:autoScalingGroupName/{JumpHostGroupASG}',
    'ssm:StartSession on arn:aws:ec2:{here}:instance/* if ssm:SessionDocumentAccessCheck, ' +
      'ssm:resourceTag/drawbridge:purpose, ssm:resourceTag/drawbridge:stack',
    ...['Connect', 'HostKeys', 'Shell', 'Ssh'].map(document),
    ...['ssm:ResumeSession', 'ssm:TerminateSession', 'ssmmessages:OpenDataChannel'].map(
      (action) => `${action} ${SESSION}`,
    ),
    'secretsmanager:GetSecretValue on {DatabaseInstance.MasterUserSecret.SecretArn}',
    'rds-db:connect on arn:aws:rds-db:{here}:dbuser:{DatabaseInstance.DbiResourceId}/*',
    'ec2-instance-connect:SendSSHPublicKey on arn:aws:ec2:{here}:instance/* if ' +
      'aws:ResourceTag/drawbridge:purpose, aws:ResourceTag/drawbridge:stack, ec2:osuser',
  ],
  owner: [
    'cloudformation:DescribeStacks on {AWS::StackId}',
    'cloudtrail:LookupEvents on *',
    'ec2:DescribeInstances on *',
    'ssm:DescribeInstanceInformation on *',
    'ssm:GetCommandInvocation on *',
    'lambda:InvokeFunction on {LifecycleCreateFunction.Arn}',
    'lambda:InvokeFunction on {LifecycleDestroyFunction.Arn}',
    'lambda:InvokeFunction on {RetentionRetainFunction.Arn}',
    's3:ListBucket on {BackupsBucket.Arn} if s3:prefix',
    's3:ListBucketMultipartUploads on {BackupsBucket.Arn} if s3:prefix',
    's3:GetObject on {BackupsBucket.Arn}/backups/*',
    's3:GetObjectVersion on {BackupsBucket.Arn}/backups/*',
    's3:GetObjectRetention on {BackupsBucket.Arn}/backups/*',
    's3:ListMultipartUploadParts on {BackupsBucket.Arn}/backups/*',
    'kms:Decrypt on {EncryptionKey.Arn} if kms:ViaService',
    'states:StartExecution on {WorkflowRun}',
    'states:ListExecutions on {WorkflowBackup}',
    ...['Run', 'Backup'].flatMap((machine) =>
      ['DescribeExecution', 'GetExecutionHistory', 'StopExecution'].map(
        (action) => `states:${action} on arn:aws:states:{here}:execution:{Workflow${machine}.Name}:*`,
      ),
    ),
    'ssm:SendCommand on arn:aws:ssm:{here}:document/{DocumentsOneTimeKey}',
    'ssm:SendCommand on arn:aws:ssm:{here}:document/{DocumentsProve}',
    'ssm:SendCommand on arn:aws:ssm:{here}:document/{DocumentsRestore}',
    'ssm:SendCommand on arn:aws:ec2:{here}:instance/* if ssm:resourceTag/drawbridge:purpose, ssm:resourceTag/drawbridge:stack',
  ],
  auditor: [
    'cloudformation:DescribeStacks on {AWS::StackId}',
    'cloudtrail:LookupEvents on *',
    'ec2:DescribeInstances on *',
    'ssm:DescribeSessions on *',
    'logs:DescribeLogStreams on {SessionLogs.Arn}',
    'logs:FilterLogEvents on {SessionLogs.Arn}',
    'logs:GetLogEvents on {SessionLogs.Arn}',
  ],
} as const;
