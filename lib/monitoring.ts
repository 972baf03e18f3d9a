import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Settings } from './config/schema';
import type { ControlFunction } from './control-function';
import { addAlarms } from './monitoring/alarms';
import { addDashboard } from './monitoring/dashboard';
import type { Notifications } from './notifications';

/** Properties of {@link Monitoring}. */
export interface MonitoringProps extends Pick<
  Settings,
  'name' | 'databases' | 'proofMaxAgeHours' | 'runMaxGapHours' | 'sweepMinutes' | 'dashboard'
> {
  /** Backs up every database. */
  readonly run: IStateMachine;
  /** Backs up one. */
  readonly backup: IStateMachine;
  /** Measures the age of proofs, and logs what the newest backups are. */
  readonly retain: ControlFunction;
  readonly notifications: Notifications;
}

/** Watches from outside whether backups are made and proven and boxes end, and tells when not. */
export class Monitoring extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    this.alarms = addAlarms(this, props);
    const tell = new SnsAction(props.notifications.topic);
    for (const alarm of this.alarms) {
      alarm.addAlarmAction(tell);
      alarm.addOkAction(tell);
    }
    props.notifications.tellOfStopped(props.run);
    if (props.dashboard) addDashboard(this, { ...props, alarms: this.alarms });
  }
}
