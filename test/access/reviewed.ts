import { ARCHIVE_SECRET, EXISTING_DATABASE, EXISTING_NETWORK } from '../configurations';
import type { JudgedStack, RoleName } from './stack';

const AGENT = [
  'ssm:UpdateInstanceInformation on *',
  'ssmmessages:CreateControlChannel on *',
  'ssmmessages:CreateDataChannel on *',
  'ssmmessages:OpenControlChannel on *',
  'ssmmessages:OpenDataChannel on *',
];

const INSTANCES = 'arn:aws:ec2:{here}:instance/*';
const STACK_TAG = 'aws:ResourceTag/drawbridge:stack';

const END_BOXES = [
  'ec2:DescribeInstances on *',
  `ec2:TerminateInstances on ${INSTANCES} if aws:ResourceTag/drawbridge:purpose, ${STACK_TAG}`,
];

const writeLogs = (group: string): string[] => [
  `logs:CreateLogStream on {${group}.Arn}`,
  `logs:PutLogEvents on {${group}.Arn}`,
];

/** What a state machine needs to write its log and its traces: none of these actions knows a narrower resource. */
const LOG_AND_TRACE = [
  ...['Create', 'Get', 'Update', 'Delete'].map((verb) => `logs:${verb}LogDelivery on *`),
  'logs:ListLogDeliveries on *',
  'logs:PutResourcePolicy on *',
  'logs:DescribeResourcePolicies on *',
  'logs:DescribeLogGroups on *',
  'xray:PutTraceSegments on *',
  'xray:PutTelemetryRecords on *',
  'xray:GetSamplingRules on *',
  'xray:GetSamplingTargets on *',
];

const EXECUTIONS = 'arn:aws:states:{here}:execution:{WorkflowBackup.Name}:*';
const SYNC_RULE = 'arn:aws:events:{here}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule';

const FROM_TEMPLATE = 'ec2:IsLaunchTemplateResource, ec2:LaunchTemplate';
const LAUNCH = 'ec2:RunInstances on';

const SOURCE_TAG = 'aws:ResourceTag/drawbridge:source';

const END_SOURCES_BOXES = [
  'ec2:DescribeInstances on *',
  `ec2:TerminateInstances on ${INSTANCES} if aws:ResourceTag/drawbridge:purpose, ${SOURCE_TAG}, ${STACK_TAG}`,
];

function intakeBox(source: string): string[] {
  const receipts = `{BackupsBucket.Arn}/intake/${source}/receipts/*`;
  return [
    ...AGENT,
    `s3:PutObject on {BackupsBucket.Arn}/intake/${source}/*`,
    `s3:GetObject on ${receipts}`,
    `s3:AbortMultipartUpload on ${receipts}`,
    `s3:ListMultipartUploadParts on ${receipts}`,
    's3:ListBucket on {BackupsBucket.Arn} if s3:prefix',
    'kms:Decrypt on {EncryptionKey.Arn}',
    'kms:GenerateDataKey on {EncryptionKey.Arn}',
    's3:GetObject on arn:aws:s3:::cdk-hnb659fds-assets-{AWS::AccountId}-{AWS::Region}/<hash>',
  ];
}

function intakeCreate(source: string): string[] {
  const box = `Intake${source}BoxBlueprint`;
  return [
    ...writeLogs(`Intake${source}CreateLogs`),
    ...END_SOURCES_BOXES,
    `${LAUNCH} ${INSTANCES} if aws:RequestTag/drawbridge:expires-at, aws:RequestTag/drawbridge:purpose, ` +
      `aws:RequestTag/drawbridge:source, aws:RequestTag/drawbridge:stack, aws:TagKeys, ec2:InstanceType, ${FROM_TEMPLATE}`,
    `${LAUNCH} arn:aws:ec2:{here}:launch-template/{${box}Template} if ${FROM_TEMPLATE}`,
    `${LAUNCH} arn:aws:ec2:{here}:volume/* if ${FROM_TEMPLATE}`,
    `${LAUNCH} arn:aws:ec2:{here}:security-group/* if ${FROM_TEMPLATE}`,
    `${LAUNCH} arn:aws:ec2:{AWS::Region}::image/* if ${FROM_TEMPLATE}`,
    `${LAUNCH} arn:aws:ec2:{here}:subnet/{NetworkVpcboxSubnet1Subnet} if ec2:LaunchTemplate`,
    `${LAUNCH} arn:aws:ec2:{here}:subnet/{NetworkVpcboxSubnet2Subnet} if ec2:LaunchTemplate`,
    `${LAUNCH} arn:aws:ec2:{here}:network-interface/* if ec2:LaunchTemplate, ec2:Subnet`,
    `ec2:CreateTags on ${INSTANCES} if aws:TagKeys, ec2:CreateAction`,
    'ec2:CreateTags on arn:aws:ec2:{here}:volume/* if aws:TagKeys, ec2:CreateAction',
    'ec2:CreateTags on arn:aws:ec2:{here}:network-interface/* if aws:TagKeys, ec2:CreateAction',
    `ec2:CreateTags on ${INSTANCES} if ${SOURCE_TAG}, ${STACK_TAG}, aws:TagKeys`,
    `iam:PassRole on {${box}Role.Arn} if iam:PassedToService`,
    'ssm:GetParameters on arn:aws:ssm:{AWS::Region}::parameter/aws/service/ami-amazon-linux-latest/*',
  ];
}

const intakeDestroy = (source: string): string[] => [
  ...writeLogs(`Intake${source}DestroyLogs`),
  ...END_SOURCES_BOXES,
];

const emptier = (logs: string, bucket: string): string[] => [
  ...writeLogs(logs),
  'cloudformation:DescribeStacks on {AWS::StackId}',
  `s3:ListBucketMultipartUploads on {${bucket}.Arn}`,
  `s3:ListBucketVersions on {${bucket}.Arn}`,
  `s3:AbortMultipartUpload on {${bucket}.Arn}/*`,
  `s3:BypassGovernanceRetention on {${bucket}.Arn}/*`,
  `s3:DeleteObjectVersion on {${bucket}.Arn}/*`,
];

const RECORD_SHELLS = [
  'logs:CreateLogStream on {SessionLogs.Arn}',
  'logs:DescribeLogStreams on {SessionLogs.Arn}',
  'logs:PutLogEvents on {SessionLogs.Arn}',
  'logs:DescribeLogGroups on *',
];
/** Of the jump host that leaves when it is idle; one that stands always has no such permission. */
export const LEAVE =
  'autoscaling:TerminateInstanceInAutoScalingGroup on ' +
  'arn:aws:autoscaling:{here}:autoScalingGroup:*:autoScalingGroupName/* if autoscaling:ResourceTag/drawbridge:stack';

/**
 * All that each role may do, reviewed line by line: action, resource, condition keys (whose values the other proofs look
 * at). A line that is new or gone is a decision; make it here.
 */
const REVIEWED: Readonly<Record<RoleName, readonly string[]>> = {
  'access box': [...AGENT, ...RECORD_SHELLS],
  'jump host': [...AGENT, ...RECORD_SHELLS, LEAVE],
  'backup box': [
    ...AGENT,
    'secretsmanager:GetSecretValue on {DatabaseInstance.MasterUserSecret.SecretArn}',
    's3:AbortMultipartUpload on {BackupsBucket.Arn}/backups/*',
    's3:GetObject on {BackupsBucket.Arn}/backups/*',
    's3:GetObjectVersion on {BackupsBucket.Arn}/backups/*',
    's3:ListMultipartUploadParts on {BackupsBucket.Arn}/backups/*',
    's3:PutObject on {BackupsBucket.Arn}/backups/*',
    's3:ListBucket on {BackupsBucket.Arn} if s3:prefix',
    'kms:Decrypt on {EncryptionKey.Arn}',
    'kms:GenerateDataKey on {EncryptionKey.Arn}',
    's3:GetObject on arn:aws:s3:::cdk-hnb659fds-assets-{AWS::AccountId}-{AWS::Region}/<hash>',
  ],
  'restore box': [
    ...AGENT,
    'secretsmanager:GetSecretValue on {DatabaseInstance.MasterUserSecret.SecretArn}',
    's3:GetObject on {BackupsBucket.Arn}/backups/*',
    's3:GetObjectVersion on {BackupsBucket.Arn}/backups/*',
    's3:ListBucket on {BackupsBucket.Arn} if s3:prefix',
    'kms:Decrypt on {EncryptionKey.Arn}',
    's3:GetObject on arn:aws:s3:::cdk-hnb659fds-assets-{AWS::AccountId}-{AWS::Region}/<hash>',
  ],
  create: [
    ...writeLogs('LifecycleCreateLogs'),
    ...END_BOXES,
    `${LAUNCH} ${INSTANCES} if aws:RequestTag/drawbridge:expires-at, aws:RequestTag/drawbridge:purpose, ` +
      `aws:RequestTag/drawbridge:stack, aws:TagKeys, ec2:InstanceType, ${FROM_TEMPLATE}`,
    `${LAUNCH} arn:aws:ec2:{here}:launch-template/{AccessBoxBlueprintTemplate} if ${FROM_TEMPLATE}`,
    `${LAUNCH} arn:aws:ec2:{here}:launch-template/{BackupBoxBlueprintTemplate} if ${FROM_TEMPLATE}`,
    `${LAUNCH} arn:aws:ec2:{here}:launch-template/{RestoreBoxBlueprintTemplate} if ${FROM_TEMPLATE}`,
    `${LAUNCH} arn:aws:ec2:{here}:volume/* if ${FROM_TEMPLATE}`,
    `${LAUNCH} arn:aws:ec2:{here}:security-group/* if ${FROM_TEMPLATE}`,
    `${LAUNCH} arn:aws:ec2:{AWS::Region}::image/* if ${FROM_TEMPLATE}`,
    `${LAUNCH} arn:aws:ec2:{here}:subnet/{NetworkVpcboxSubnet1Subnet} if ec2:LaunchTemplate`,
    `${LAUNCH} arn:aws:ec2:{here}:subnet/{NetworkVpcboxSubnet2Subnet} if ec2:LaunchTemplate`,
    `${LAUNCH} arn:aws:ec2:{here}:network-interface/* if ec2:LaunchTemplate, ec2:Subnet`,
    `ec2:CreateTags on ${INSTANCES} if aws:TagKeys, ec2:CreateAction`,
    'ec2:CreateTags on arn:aws:ec2:{here}:volume/* if aws:TagKeys, ec2:CreateAction',
    'ec2:CreateTags on arn:aws:ec2:{here}:network-interface/* if aws:TagKeys, ec2:CreateAction',
    `ec2:CreateTags on ${INSTANCES} if ${STACK_TAG}, aws:TagKeys`,
    'iam:PassRole on {AccessBoxBlueprintRole.Arn} if iam:PassedToService',
    'iam:PassRole on {BackupBoxBlueprintRole.Arn} if iam:PassedToService',
    'iam:PassRole on {RestoreBoxBlueprintRole.Arn} if iam:PassedToService',
    'ssm:GetParameters on arn:aws:ssm:{AWS::Region}::parameter/aws/service/ami-amazon-linux-latest/*',
  ],
  destroy: [...writeLogs('LifecycleDestroyLogs'), ...END_BOXES],
  drain: [...writeLogs('DrainDrainerLogs'), ...END_BOXES],
  emptier: emptier('EmptierEmptyLogs', 'BackupsBucket'),
  'emptier of records': emptier('DataTrailEmptierEmptyLogs', 'DataTrailRecords'),
  sweep: [
    ...writeLogs('LifecycleSweepLogs'),
    ...END_BOXES,
    's3:ListBucketMultipartUploads on {BackupsBucket.Arn}',
    's3:AbortMultipartUpload on {BackupsBucket.Arn}/backups/*',
    's3:AbortMultipartUpload on {BackupsBucket.Arn}/intake/*',
  ],
  schedule: [
    'lambda:InvokeFunction on {LifecycleSweepFunction.Arn}',
    'lambda:InvokeFunction on {LifecycleSweepFunction.Arn}:*',
  ],
  retain: [
    ...writeLogs('RetentionRetainLogs'),
    's3:ListBucketVersions on {BackupsBucket.Arn}',
    's3:GetObject on {BackupsBucket.Arn}/backups/*',
    's3:PutObjectTagging on {BackupsBucket.Arn}/backups/*',
    'kms:Decrypt on {EncryptionKey.Arn}',
  ],
  'retention schedule': [
    'lambda:InvokeFunction on {RetentionRetainFunction.Arn}',
    'lambda:InvokeFunction on {RetentionRetainFunction.Arn}:*',
  ],
  'backup run': [
    ...LOG_AND_TRACE,
    'states:StartExecution on {WorkflowBackup}',
    `states:DescribeExecution on ${EXECUTIONS}`,
    `states:StopExecution on ${EXECUTIONS}`,
    `events:PutTargets on ${SYNC_RULE}`,
    `events:PutRule on ${SYNC_RULE}`,
    `events:DescribeRule on ${SYNC_RULE}`,
    'sns:Publish on {NotificationsTopic}',
    'kms:GenerateDataKey on {EncryptionKey.Arn} if kms:EncryptionContext:aws:sns:topicArn',
    'kms:Decrypt on {EncryptionKey.Arn} if kms:EncryptionContext:aws:sns:topicArn',
  ],
  'backup of one database': [
    ...LOG_AND_TRACE,
    'lambda:InvokeFunction on {LifecycleCreateFunction.Arn}',
    'lambda:InvokeFunction on {LifecycleDestroyFunction.Arn}',
    'ssm:SendCommand on arn:aws:ssm:{here}:document/{DocumentsBackup}',
    'ssm:SendCommand on arn:aws:ssm:{here}:document/{DocumentsProve}',
    `ssm:SendCommand on ${INSTANCES} if ssm:resourceTag/drawbridge:purpose, ssm:resourceTag/drawbridge:stack`,
    'ssm:GetCommandInvocation on *',
    'ssm:DescribeInstanceInformation on *',
    'ec2:DescribeInstances on *',
  ],
  'backup schedule': ['states:StartExecution on {WorkflowRun}'],
  'flow logs': [...writeLogs('FlowLogs'), 'logs:DescribeLogStreams on {FlowLogs.Arn}'],
  'web box': intakeBox('web'),
  'web create': intakeCreate('web'),
  'web destroy': intakeDestroy('web'),
  'logs box': intakeBox('logs'),
  'logs create': intakeCreate('logs'),
  'logs destroy': intakeDestroy('logs'),
};

/** All that the policy of a source's machine allows: what its holder can do in AWS. */
export const reviewedVm = (source: string): string[] => [
  `lambda:InvokeFunction on {Intake${source}CreateFunction.Arn}`,
  `lambda:InvokeFunction on {Intake${source}DestroyFunction.Arn}`,
  `ssm:StartSession on ${INSTANCES} if ssm:SessionDocumentAccessCheck, ssm:resourceTag/drawbridge:source, ` +
    'ssm:resourceTag/drawbridge:stack',
  `ssm:StartSession on arn:aws:ssm:{here}:document/{IntakeSession} if ssm:SessionDocumentAccessCheck`,
  `ec2-instance-connect:SendSSHPublicKey on ${INSTANCES} if ${SOURCE_TAG}, ${STACK_TAG}, ec2:osuser`,
  'ssmmessages:OpenDataChannel on *',
  'ssm:ResumeSession on arn:aws:ssm:{here}:session/* if ssm:resourceTag/aws:ssmmessages:session-id',
  'ssm:TerminateSession on arn:aws:ssm:{here}:session/* if ssm:resourceTag/aws:ssmmessages:session-id',
];

/** What is otherwise where network and database are somebody else's: the line that goes, and those that come. */
const INSTEAD: readonly (readonly [line: string, ...instead: string[]])[] = [
  [
    'secretsmanager:GetSecretValue on {DatabaseInstance.MasterUserSecret.SecretArn}',
    `secretsmanager:GetSecretValue on ${EXISTING_DATABASE.databaseSecretArn}`,
    `kms:Decrypt on ${EXISTING_DATABASE.databaseSecretKeyArn} if kms:EncryptionContext:SecretARN, kms:ViaService`,
    `secretsmanager:GetSecretValue on ${ARCHIVE_SECRET}`,
  ],
  ...EXISTING_NETWORK.boxSubnetIds.map(
    (id, index) =>
      [
        `${LAUNCH} arn:aws:ec2:{here}:subnet/{NetworkVpcboxSubnet${index + 1}Subnet} if ec2:LaunchTemplate`,
        `${LAUNCH} arn:aws:ec2:{here}:subnet/${id} if ec2:LaunchTemplate`,
      ] as const,
  ),
];

/** The reviewed list of a role in a stack. */
export function reviewedOf(stack: JudgedStack, name: RoleName): string[] {
  const instead = new Map(stack.stranger ? INSTEAD.map(([line, ...others]) => [line, others]) : []);
  return REVIEWED[name].flatMap((line) => instead.get(line) ?? [line]);
}
