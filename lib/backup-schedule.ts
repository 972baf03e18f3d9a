import { TimeZone } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { Settings } from './config/schema';
import type { Workflow } from './workflow';

/** Properties of {@link BackupSchedule}. */
export interface BackupScheduleProps extends Pick<Settings, 'schedule' | 'timeZone'> {
  readonly workflow: Workflow;
}

/** Begins a run when it is time. */
export class BackupSchedule extends Construct {
  constructor(scope: Construct, id: string, props: BackupScheduleProps) {
    super(scope, id);
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com'),
      description: 'Starts backups on schedule',
    });
    const schedule = new Schedule(this, 'Schedule', {
      description: 'Backs up every database',
      schedule: ScheduleExpression.expression(props.schedule, TimeZone.of(props.timeZone)),
      target: new StepFunctionsStartExecution(props.workflow.run, {
        role,
        input: ScheduleTargetInput.fromObject({ startedBy: 'schedule' }),
      }),
    });
    schedule.node.addDependency(role);
  }
}
