/** Findings that are left as they are, and why that is right here. */
export interface Accepted {
  /** Names of rules; those that several packs share stand without the name of the pack. */
  readonly rules: readonly string[];
  /**
   * Where it is accepted: the beginning of a construct's path, or of a logical id.
   *
   * @defaultValue everywhere
   */
  readonly at?: readonly string[];
  readonly reason: string;
}

const iam5 = (...resources: string[]): string[] =>
  resources.map((resource) => `AwsSolutions-IAM5[Resource::${resource}]`);
const ec2 = (resource: string): string =>
  `arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:${resource}`;

/** What the rule packs and the guard rules object to. */
export const ACCEPTED_PRACTICES: readonly Accepted[] = [
  {
    rules: ['AwsSolutions-S1', 'S3BucketLoggingEnabled', 's3_bucket_logging_enabled_check'],
    at: ['Backups/Bucket'],
    reason:
      'Access logs would need a second bucket, which outlives the stack as the first one does and holds the names of all ' +
      'backups without a lock. CloudTrail data events record the same requests with the identity that made them, and are ' +
      'delivered reliably, which access logs are not.',
  },
  {
    rules: ['S3BucketReplicationEnabled'],
    at: ['Backups/Bucket'],
    reason:
      'Backups stay in the region whose law and price their owner chose. Versions and Object Lock protect against loss by ' +
      'people and programs; a copy elsewhere is the owner’s decision and can be configured on the bucket, whose policy does ' +
      'not hinder replication out of it.',
  },
  {
    rules: ['s3_event_notifications_enabled_check'],
    at: ['Backups/Bucket'],
    reason:
      'Nothing acts on single objects: a backup exists when its manifest does, and what reads it lists the bucket.',
  },
  {
    rules: ['AwsSolutions-RDS3', 'RDSMultiAZSupport', 'rds_instance_multi_az_support_check'],
    at: ['Database/Instance'],
    reason:
      'The setting `multiAz` turns the standby on. It doubles the price of the instance, guards availability and not data, ' +
      'and the default database is a small one.',
  },
  {
    rules: [
      'AwsSolutions-RDS10',
      'RDSInstanceDeletionProtectionEnabled',
      'rds_instance_deletion_protection_enabled_check',
    ],
    at: ['Database/Instance'],
    reason:
      'The setting `deletionProtection` turns it on. It is off by default because `cdk destroy` must take everything down ' +
      'without hanging; the data is not lost with the instance: a final snapshot is taken, and the backups and their key stay.',
  },
  {
    rules: ['AwsSolutions-RDS11', 'rds_instance_no_default_ports_check'],
    at: ['Database/Instance'],
    reason:
      'Another port would hide the database from nobody who can reach it: there is no route to its subnets from outside the ' +
      'VPC, and its one inbound rule names the security groups of the boxes.',
  },
  {
    rules: ['RDSEnhancedMonitoringEnabled', 'rds_instance_enhanced_monitoring_enabled_check'],
    at: ['Database/Instance'],
    reason:
      'It writes to CloudWatch Logs every minute and costs money for as long as the database stands, used or not. The ' +
      'ordinary metrics of RDS, which cost nothing, tell what the operator of a small database asks.',
  },
  {
    rules: ['RDSInBackupPlan'],
    at: ['Database/Instance'],
    reason:
      'RDS keeps its own backups for seven days, and this app exists to take better ones: outside the database’s reach, ' +
      'locked, and proven to restore.',
  },
  {
    rules: ['LambdaInsideVPC', 'lambda_inside_vpc_check'],
    at: ['Lifecycle/', 'Drain/', 'Emptier/', 'Retention/', 'Intake/'],
    reason:
      'The functions call APIs of AWS only and never the database. In the VPC they would gain a way to it, and their network ' +
      'interfaces would hold up the deletion of the stack by up to twenty minutes.',
  },
  {
    rules: ['LambdaConcurrency'],
    at: ['Lifecycle/', 'Drain/', 'Emptier/', 'Retention/', 'Intake/'],
    reason:
      'Young accounts have a quota of ten, all of which must stay unreserved: any reservation fails the deployment. The ' +
      'number of boxes is bounded by `maxBoxes`, which create itself checks.',
  },
  {
    rules: ['LambdaDLQ'],
    at: ['Lifecycle/', 'Drain/', 'Emptier/', 'Retention/', 'Intake/'],
    reason:
      'Create and destroy are invoked synchronously: their caller gets the error. A sweep that fails is repeated by its ' +
      'schedule, and the next one does its work. The drain and the emptier answer CloudFormation, which reports their failure.',
  },
  {
    rules: ['LambdaTracing'],
    at: ['Lifecycle/', 'Drain/', 'Emptier/', 'Retention/', 'Intake/'],
    reason:
      'Each function is one process that calls EC2 in sequence and logs every step; there is no chain to trace. Tracing would ' +
      'add a right on all resources to each of four roles.',
  },
  {
    rules: ['IAMNoInlinePolicy'],
    reason:
      'Each policy belongs to one role, is deleted with it, and can be attached to nothing else. As a managed policy it ' +
      'could be given to others, and an open attachment would hold up the deletion of the stack.',
  },
  {
    rules: iam5('*'),
    at: ['AccessBox/', 'BackupBox/', 'JumpHost/', 'Intake/'],
    reason:
      'The five actions of the Systems Manager agent: AWS offers no narrower resource for the channels, and the agent ' +
      'updates the record of its own instance only. It is a third of what AmazonSSMManagedInstanceCore would allow.',
  },
  {
    rules: iam5('*'),
    at: ['Lifecycle/', 'Drain/', 'Intake/'],
    reason: 'ec2:DescribeInstances, which reads only, and for which EC2 knows no narrower resource.',
  },
  {
    rules: iam5('<BackupsBucket.Arn>/intake/*'),
    at: ['Lifecycle/Sweep/'],
    reason:
      'Receipts of pushes whose box died half-way: the sweep may abort their uploads, and nothing else.',
  },
  {
    rules: iam5(
      ...['web', 'logs'].flatMap((source) => [
        `<BackupsBucket.Arn>/intake/${source}/*`,
        `<BackupsBucket.Arn>/intake/${source}/receipts/*`,
      ]),
    ),
    at: ['Intake/'],
    reason:
      'Names of files are not known before they are handed in. The bucket policy lets a box of the source write each key once, ' +
      'read receipts only, and delete nothing; test/access/intake.test.ts proves it.',
  },
  {
    rules: iam5('arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:session/*'),
    at: ['Intake/'],
    reason:
      'Sessions have no name before they are opened. The condition narrows it to those that the caller opened.',
  },
  {
    rules: iam5('*'),
    at: ['Access/'],
    reason:
      'Describing instances and agents, looking up events and sessions: they read only, and AWS knows no narrower resource.',
  },
  {
    rules: iam5(
      ec2('instance/*'),
      'arn:<AWS::Partition>:autoscaling:<AWS::Region>:<AWS::AccountId>:autoScalingGroup:*:autoScalingGroupName/<JumpHostGroupASG>',
      'arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:session/*',
      'arn:<AWS::Partition>:rds-db:<AWS::Region>:<AWS::AccountId>:dbuser:<DatabaseInstance.DbiResourceId>/*',
    ),
    at: ['Access/Operator/'],
    reason:
      'Instances are bound by the stack’s tag and their purpose, sessions by the tag that names their owner (test/access ' +
      'proves both); the group is one, whose ARN holds a number that CloudFormation does not tell; which users log in by ' +
      'token the database itself decides, by granting them rds_iam.',
  },
  {
    rules: iam5(
      'arn:<AWS::Partition>:autoscaling:<AWS::Region>:<AWS::AccountId>:autoScalingGroup:*:autoScalingGroupName/*',
    ),
    at: ['JumpHost/'],
    reason:
      'Bound to groups with this stack’s tag, of which there is one. Its name would make the role depend on the group, which ' +
      'depends on the role.',
  },
  {
    rules: iam5('<BackupsBucket.Arn>/backups/*'),
    at: ['BackupBox/', 'Lifecycle/Sweep/', 'Retention/'],
    reason:
      'The keys of backups hold their start and cannot be known before. The bucket policy lets a box write each once and ' +
      'delete none; the sweep may only abort uploads, retention only read and tag.',
  },
  {
    rules: iam5('<BackupsBucket.Arn>/*'),
    at: ['Emptier/'],
    reason:
      'Only with `onDestroy: delete`: the bucket is emptied, whatever lies in it, when the stack itself is deleted and at no ' +
      'other time. The role may delete, bypass governance locks and abort uploads, in this bucket alone.',
  },
  {
    rules: iam5(ec2('instance/*')),
    at: ['Lifecycle/', 'Drain/', 'Intake/'],
    reason:
      'Ids of boxes are not known before they are launched. Launching is bound to this stack’s templates and tags, ' +
      'terminating and tagging to instances that carry the stack’s tag; test/access proves both.',
  },
  {
    rules: iam5(
      ec2('security-group/*'),
      ec2('volume/*'),
      ec2('network-interface/*'),
      'arn:<AWS::Partition>:ec2:<AWS::Region>::image/*',
    ),
    at: ['Lifecycle/Create/', 'Intake/'],
    reason:
      'Only while launching from this stack’s templates, and (`ec2:IsLaunchTemplateResource`) only what the template itself ' +
      'names; network interfaces only in the box subnets. The image is the newest Amazon Linux at the moment of the launch.',
  },
  {
    rules: iam5('arn:<AWS::Partition>:ssm:<AWS::Region>::parameter/aws/service/ami-amazon-linux-latest/*'),
    at: ['Lifecycle/Create/', 'Intake/'],
    reason:
      'Public parameters of AWS that name images. EC2 reads them on the caller’s behalf when a box is launched.',
  },
  {
    rules: iam5('*'),
    at: ['Workflow/'],
    reason:
      'What a state machine needs to write logs and traces, and looking at instances, agents and commands, which reads only: ' +
      'AWS knows no narrower resource for any of it. The commands of others cannot be found without their random ids.',
  },
  {
    rules: iam5(ec2('instance/*')),
    at: ['Workflow/BackupRole/'],
    reason:
      'Ids of boxes are not known before they are launched. Documents go to backup boxes of this stack only, by their tags, ' +
      'and only the two documents of this stack.',
  },
  {
    rules: iam5(
      'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<WorkflowBackup.Name>:*',
    ),
    at: ['Workflow/RunRole/'],
    reason: 'Executions of the one state machine that runs start; their names are made when they start.',
  },
  {
    rules: ['EventBusDLQ'],
    at: ['Workflow/Stopped'],
    reason:
      'A box that this rule could not end is ended by its own timer and by the sweep. A queue would be one more thing to ' +
      'watch, for an event whose work is done by then.',
  },
  {
    rules: ['SNSRedrivePolicy'],
    at: ['Notifications/'],
    reason:
      'SNS tries an e-mail for hours. What it could not deliver is on the dashboard, and the next alarm is another message.',
  },
  {
    rules: iam5('<LifecycleSweepFunction.Arn>:*', '<RetentionRetainFunction.Arn>:*'),
    at: ['SweepSchedule/', 'Retention/Role/'],
    reason: 'Versions and aliases of the one function that the schedule may invoke; CDK grants both forms.',
  },
  {
    rules: ['VPCDefaultSecurityGroupClosed'],
    at: ['Network/Vpc'],
    reason:
      'Nothing is ever a member of the default group, and create cannot launch into it. Emptying it takes a function of ' +
      'CDK’s whose log group would outlive the stack: docs/decisions/0005.',
  },
  {
    rules: ['VPCSubnetAutoAssignPublicIpDisabled'],
    at: ['Network/Vpc/boxSubnet'],
    reason:
      'By default the subnets assign no public IPv4 address. The rule means their IPv6 addresses, which boxes need to reach ' +
      'AWS: the egress-only gateway lets nothing in, and no security group of a box has an inbound rule.',
  },
  {
    rules: ['subnet_auto_assign_public_ip_disabled_check', 'VPCNoUnrestrictedRouteToIGW'],
    at: ['Network/Vpc/boxSubnet'],
    reason:
      'Only with `egress: public-ipv4`, which somebody must ask for: boxes then leave by an address of their own, for ' +
      'networks without IPv6. No security group of a box has an inbound rule, so nothing can be opened from outside; the ' +
      'database’s subnets have no such route.',
  },
  {
    rules: ['RDSLoggingEnabled[LogExport::audit]', 'RDSLoggingEnabled[LogExport::general]'],
    at: ['Database/Instance'],
    reason:
      'The general log holds every statement with its data, passwords that people set among them, and the audit log needs an ' +
      'option group and grows with use. Errors and slow statements are exported.',
  },
  {
    rules: ['AwsSolutions-VPC7', 'VPCFlowLogsEnabled'],
    at: ['Network/Vpc'],
    reason:
      'Flow logs are on by default; these findings are those of a stack whose settings say `flowLogs: false`.',
  },
  {
    rules: ['cloudwatch_log_group_retention_period_check'],
    reason:
      'Three months are long enough to look into what happened, and logs of who connected are personal data that should not ' +
      'be kept for a year by default. What must be kept for longer is in CloudTrail.',
  },
  {
    rules: ['ec2_launch_template_monitoring_enabled_check'],
    at: ['AccessBox/', 'BackupBox/', 'JumpHost/', 'Intake/'],
    reason:
      'Detailed monitoring costs by the instance and tells more about a box’s processor than about what it does. Boxes live ' +
      'for minutes; what matters is their expiry, which the sweep watches.',
  },
  {
    rules: ['AwsSolutions-AS3'],
    at: ['JumpHost/'],
    reason:
      'The group holds one instance or none, and scales only when an operator asks, who waits for it. CloudTrail records it.',
  },
  {
    rules: [
      'autoscaling_multiple_az_check',
      'autoscaling_mixed_instances_policy_multiple_instance_types_check',
    ],
    at: ['JumpHost/'],
    reason:
      'One instance is in one zone and of one type. The group spans the subnets of two zones (which the rule does not look ' +
      'at), so that it starts in the other one when a zone fails.',
  },
];
