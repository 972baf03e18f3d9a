import { Duration } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { ControlFunction } from './control-function';
import { addSchedule } from './schedule';

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
    addSchedule(this, {
      description: 'Ends boxes past their expiry',
      roleDescription: 'Runs the sweep on schedule',
      schedule: ScheduleExpression.rate(Duration.minutes(props.everyMinutes)),
      target: (role) =>
        new LambdaInvoke(props.sweep.handler, {
          role,
          // A sweep that is late is the next one's work.
          retryAttempts: 2,
          maxEventAge: Duration.minutes(Math.max(props.everyMinutes, 1)),
        }),
    });
  }
}
