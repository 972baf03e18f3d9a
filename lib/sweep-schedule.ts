import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { ControlFunction } from './control-function';

/** Properties of {@link SweepSchedule}. */
export interface SweepScheduleProps {
  readonly sweep: ControlFunction;
  /** Minutes between sweeps: the longest by which a box can outlive its expiry, whatever else fails. */
  readonly everyMinutes: number;
}

/** Runs the sweep for as long as the stack stands. */
export class SweepSchedule extends Construct {
  constructor(scope: Construct, id: string, props: SweepScheduleProps) {
    super(scope, id);
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com'),
      description: 'Runs the sweep on schedule',
    });
    const schedule = new Schedule(this, 'Schedule', {
      description: 'Ends boxes past their expiry',
      schedule: ScheduleExpression.rate(Duration.minutes(props.everyMinutes)),
      target: new LambdaInvoke(props.sweep.handler, {
        role,
        // A sweep that is late is the next one's work.
        retryAttempts: 2,
        maxEventAge: Duration.minutes(Math.max(props.everyMinutes, 1)),
      }),
    });
    schedule.node.addDependency(role);
  }
}
