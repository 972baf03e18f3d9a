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
