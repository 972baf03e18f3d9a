import { TimeZone } from 'aws-cdk-lib';
import { ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { Settings } from './config/schema';
import { addSchedule } from './schedule';
import type { Workflow } from './workflow';

/** Properties of {@link BackupSchedule}. */
export interface BackupScheduleProps extends Pick<Settings, 'schedule' | 'timeZone'> {
  readonly workflow: Workflow;
}

/** Begins a run when it is time. */
export class BackupSchedule extends Construct {
  constructor(scope: Construct, id: string, props: BackupScheduleProps) {
    super(scope, id);
    addSchedule(this, {
      description: 'Backs up every database',
      roleDescription: 'Starts backups on schedule',
      schedule: ScheduleExpression.expression(props.schedule, TimeZone.of(props.timeZone)),
      target: (role) =>
        new StepFunctionsStartExecution(props.workflow.run, {
          role,
          input: ScheduleTargetInput.fromObject({ startedBy: 'schedule' }),
        }),
    });
  }
}
