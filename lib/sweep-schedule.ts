import { Duration } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import { DEFAULTS } from './config/defaults';
import type { ControlFunction } from './control-function';
import { addSchedule } from './schedule';

/** Properties of {@link SweepSchedule}. */
export interface SweepScheduleProps {
  readonly sweep: ControlFunction;
  /**
   * Minutes between sweeps: the longest by which a box can outlive its expiry, whatever else fails.
   *
   * @defaultValue 5
   */
  readonly everyMinutes?: number;
}

/** Runs the sweep for as long as the stack stands. */
export class SweepSchedule extends Construct {
  constructor(scope: Construct, id: string, props: SweepScheduleProps) {
    super(scope, id);
    const every = props.everyMinutes ?? DEFAULTS.sweepMinutes;
    addSchedule(this, {
      description: 'Ends boxes past their expiry',
      roleDescription: 'Runs the sweep on schedule',
      schedule: ScheduleExpression.rate(Duration.minutes(every)),
      target: (role) =>
        new LambdaInvoke(props.sweep.handler, {
          role,
          // A sweep that is late is the next one's work.
          retryAttempts: 2,
          maxEventAge: Duration.minutes(Math.max(every, 1)),
        }),
    });
  }
}
