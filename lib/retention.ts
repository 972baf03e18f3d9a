import { Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import { FUNCTION_ENVIRONMENT } from '../contract/environment';
import type { BackupBucket } from './backup-bucket';
import { withDefaults } from './config/defaults';
import type { SettingProps } from './config/props';
import { ControlFunction, LONGEST_RUN } from './control-function';
import type { Encryption } from './encryption';
import { hoursSinceProof } from './monitoring/metrics';
import { addSchedule } from './schedule';

/** Properties of {@link Retention}. */
export interface RetentionProps extends Pick<
  SettingProps,
  | 'name'
  | 'databases'
  | 'keepDaily'
  | 'keepWeekly'
  | 'keepMonthly'
  | 'keepAtLeast'
  | 'objectLockMode'
  | 'objectLockDays'
> {
  readonly encryption: Encryption;
  readonly bucket: BackupBucket;
}

/** Marks, every hour and from outside every box, what may go; the bucket's lifecycle takes nothing else. */
export class Retention extends Construct {
  readonly retain: ControlFunction;
  private readonly name: string;

  constructor(scope: Construct, id: string, props: RetentionProps) {
    super(scope, id);
    this.retain = new ControlFunction(this, 'Retain', {
      entry: 'retain',
      description: 'Marks backups that may expire; {"dryRun": true} only tells',
      // A bucket may hold years.
      timeout: LONGEST_RUN,
      encryption: props.encryption,
    });
    props.bucket.grantMark(this.retain);
    const kept = withDefaults(props);
    this.name = kept.name;
    const lockDays = kept.objectLockMode === 'none' ? 0 : kept.objectLockDays;
    const environment = {
      [FUNCTION_ENVIRONMENT.name]: kept.name,
      [FUNCTION_ENVIRONMENT.databases]: kept.databases.join(','),
      [FUNCTION_ENVIRONMENT.keepDaily]: kept.keepDaily.toString(),
      [FUNCTION_ENVIRONMENT.keepWeekly]: kept.keepWeekly.toString(),
      [FUNCTION_ENVIRONMENT.keepMonthly]: kept.keepMonthly.toString(),
      [FUNCTION_ENVIRONMENT.keepAtLeast]: kept.keepAtLeast.toString(),
      [FUNCTION_ENVIRONMENT.lockDays]: lockDays.toString(),
    };
    for (const [name, value] of Object.entries(environment)) this.retain.addEnvironment(name, value);
    addSchedule(this, {
      description: 'Marks backups that may expire, and measures the age of the last proof',
      roleDescription: 'Runs retention on schedule',
      schedule: ScheduleExpression.rate(Duration.hours(1)),
      target: (role) =>
        new LambdaInvoke(this.retain.handler, {
          role,
          retryAttempts: 2,
          maxEventAge: Duration.hours(1),
        }),
    });
  }

  /** Hours since the newest proven backup of a database was stored; by default the largest of an hour. */
  metricHoursSinceProof(database: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return hoursSinceProof(this.name, database).with(options);
  }
}
