import { ACCEPTED_PERMISSIONS } from './accepted-permissions';

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

/** What the rule packs and the guard rules object to. */
export const ACCEPTED_PRACTICES: readonly Accepted[] = [
  {
    rules: ['AwsSolutions-S1', 'S3BucketLoggingEnabled', 's3_bucket_logging_enabled_check'],
    at: ['Backups/Bucket'],
    reason:
      'Access logs would need a second bucket, which outlives the stack as the first one does and holds the names of all ' +
      'backups without a lock. CloudTrail data events (`cloudTrailDataEvents`) record the same requests with the identity that ' +
      'made them, and are delivered reliably, which access logs are not.',
  },
  {
    rules: ['AwsSolutions-S1', 'S3BucketLoggingEnabled', 's3_bucket_logging_enabled_check'],
    at: ['DataTrail/Records'],
    reason:
      'These are logs. CloudTrail writes digests beside them that show whether one was altered or is missing, whoever did it; ' +
      'logs of requests for the logs would only move the question.',
  },
  {
    rules: ['S3BucketReplicationEnabled', 's3_event_notifications_enabled_check'],
    at: ['DataTrail/Records'],
    reason:
      'Records stay where the backups are that they speak of, and nothing acts on a single one of them.',
  },
  {
    rules: ['s3_bucket_object_lock_enabled_check'],
    at: ['DataTrail/Records'],
    reason:
      'What counts is whether a record was altered, which its digest tells; versions keep what was overwritten. A lock of its ' +
      'own would be one more thing that `onDestroy: delete` must get past.',
  },
  {
    rules: ['CloudTrailCloudWatchLogsEnabled', 'cloud_trail_cloud_watch_logs_enabled_check'],
    at: ['DataTrail/Trail'],
    reason:
      'Requests for objects are looked up when something has happened, and nothing rings by them: an alarm on writes by others ' +
      'would be about what the bucket policy denies. CloudWatch would keep the same records at twenty times the price of S3.',
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
    at: ['Lifecycle/', 'Drain/', 'Emptier/', 'DataTrail/Emptier/', 'Retention/', 'Intake/'],
    reason:
      'The functions call APIs of AWS only and never the database. In the VPC they would gain a way to it, and their network ' +
      'interfaces would hold up the deletion of the stack by up to twenty minutes.',
  },
  {
    rules: ['LambdaConcurrency'],
    at: ['Lifecycle/', 'Drain/', 'Emptier/', 'DataTrail/Emptier/', 'Retention/', 'Intake/'],
    reason:
      'Young accounts have a quota of ten, all of which must stay unreserved: any reservation fails the deployment. The ' +
      'number of boxes is bounded by `maxBoxes`, which create itself checks.',
  },
  {
    rules: ['LambdaDLQ'],
    at: ['Lifecycle/', 'Drain/', 'Emptier/', 'DataTrail/Emptier/', 'Retention/', 'Intake/'],
    reason:
      'Create and destroy are invoked synchronously: their caller gets the error. A sweep that fails is repeated by its ' +
      'schedule, and the next one does its work. The drain and the emptier answer CloudFormation, which reports their failure.',
  },
  {
    rules: ['LambdaTracing'],
    at: ['Lifecycle/', 'Drain/', 'Emptier/', 'DataTrail/Emptier/', 'Retention/', 'Intake/'],
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
  ...ACCEPTED_PERMISSIONS,
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
    at: ['AccessBox/', 'BackupBox/', 'RestoreBox/', 'JumpHost/', 'Intake/'],
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
