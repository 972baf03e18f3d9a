import { TimeZone } from 'aws-cdk-lib';
import { ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import { withDefaults } from './config/defaults';
import type { SettingProps } from './config/props';
import { addSchedule } from './schedule';
import type { Workflow } from './workflow';

/** Properties of {@link BackupSchedule}. */
export interface BackupScheduleProps extends Pick<SettingProps, 'schedule' | 'timeZone'> {
  readonly workflow: Workflow;
}

/** Begins a run when it is time. */
export class BackupSchedule extends Construct {
  constructor(scope: Construct, id: string, props: BackupScheduleProps) {
    super(scope, id);
    const { schedule, timeZone } = withDefaults(props);
    addSchedule(this, {
      description: 'Backs up every database',
      roleDescription: 'Starts backups on schedule',
      schedule: ScheduleExpression.expression(schedule, TimeZone.of(timeZone)),
      target: (role) =>
        new StepFunctionsStartExecution(props.workflow.run, {
          role,
          input: ScheduleTargetInput.fromObject({ startedBy: 'schedule' }),
        }),
    });
  }
}
