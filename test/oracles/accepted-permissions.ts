import type { Accepted } from './accepted';

const iam5 = (...resources: string[]): string[] =>
  resources.map((resource) => `AwsSolutions-IAM5[Resource::${resource}]`);
const ec2 = (resource: string): string =>
  `arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:${resource}`;

/** What the rule packs say of permissions that end in `*`. */
export const ACCEPTED_PERMISSIONS: readonly Accepted[] = [
  {
    rules: iam5('*'),
    at: ['AccessBox/', 'BackupBox/', 'RestoreBox/', 'JumpHost/', 'Intake/'],
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
    rules: iam5('<BackupsBucket.Arn>/intake/*'),
    at: ['Access/Operator/'],
    reason:
      'Operators read what machines handed in, and nothing else of the bucket; keys hold the source and the hash of what they name.',
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
    rules: iam5(
      '*',
      ec2('instance/*'),
      '<BackupsBucket.Arn>/backups/*',
      ...['Run', 'Backup'].map(
        (machine) =>
          `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<Workflow${machine}.Name>:*`,
      ),
    ),
    at: ['Owner/'],
    reason:
      'Backups and executions are named when they are made, boxes have an id when they are launched: documents go only to boxes ' +
      'of this stack that take or restore backups, by their tags. `*` are actions that only read, and that know no narrower resource.',
  },
  {
    rules: iam5('<BackupsBucket.Arn>/backups/*'),
    at: ['BackupBox/', 'RestoreBox/', 'Lifecycle/Sweep/', 'Retention/'],
    reason:
      'The keys of backups hold their start and cannot be known before. The bucket policy lets a box write each once and ' +
      'delete none; a restore box may only read, the sweep may only abort uploads, retention only read and tag.',
  },
  {
    rules: iam5('<BackupsBucket.Arn>/*', '<DataTrailRecords.Arn>/*'),
    at: ['Emptier/', 'DataTrail/Emptier/'],
    reason:
      'Only with `onDestroy: delete`: a bucket is emptied, whatever lies in it, when the stack itself is deleted and at no ' +
      'other time. The role may delete, bypass governance locks and abort uploads, in its one bucket alone.',
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
    rules: ['EventBusDLQ'],
    at: ['Notifications/Stopped'],
    reason:
      'EventBridge tries for as long as the rule says, and the topic is in the same account. A run whose end nobody was told ' +
      'of is seen by the alarm on the age of the last proof; a queue would be one more thing to watch.',
  },
  {
    rules: ['EventBusDLQ'],
    at: ['SessionRules/'],
    reason:
      'EventBridge tries for as long as the rule says, and the topic is in the same account. Every session and refusal is in the ' +
      'history of CloudTrail too, which `drawbridge audit` reads; a queue would be one more thing to watch.',
  },
  {
    rules: ['SNSRedrivePolicy'],
    at: ['Notifications/'],
    reason:
      'SNS tries an e-mail for hours. The dashboard shows what it could not deliver (the state of each alarm), and the next alarm is another message.',
  },
  {
    rules: iam5('<LifecycleSweepFunction.Arn>:*', '<RetentionRetainFunction.Arn>:*'),
    at: ['SweepSchedule/', 'Retention/Role/'],
    reason: 'Versions and aliases of the one function that the schedule may invoke; CDK grants both forms.',
  },
];
