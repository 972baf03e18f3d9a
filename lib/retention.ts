import { Duration } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import { FUNCTION_ENVIRONMENT } from '../contract/environment';
import type { BackupBucket } from './backup-bucket';
import type { Settings } from './config/schema';
import { ControlFunction, LONGEST_RUN } from './control-function';
import type { Encryption } from './encryption';
import { addSchedule } from './schedule';

/** Properties of {@link Retention}. */
export interface RetentionProps extends Pick<
  Settings,
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
    const environment = {
      [FUNCTION_ENVIRONMENT.name]: props.name,
      [FUNCTION_ENVIRONMENT.databases]: props.databases.join(','),
      [FUNCTION_ENVIRONMENT.keepDaily]: props.keepDaily.toString(),
      [FUNCTION_ENVIRONMENT.keepWeekly]: props.keepWeekly.toString(),
      [FUNCTION_ENVIRONMENT.keepMonthly]: props.keepMonthly.toString(),
      [FUNCTION_ENVIRONMENT.keepAtLeast]: props.keepAtLeast.toString(),
      [FUNCTION_ENVIRONMENT.lockDays]: (props.objectLockMode === 'none'
        ? 0
        : props.objectLockDays
      ).toString(),
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
}
