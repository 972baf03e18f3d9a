import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { NEWEST_BACKUP } from '../../contract/metrics';
import type { MonitoringProps } from '../monitoring';
import { hoursSinceProof, ofSweep } from './metrics';

const WIDTH = 24;

/** What the dashboard shows. */
export interface DashboardProps extends MonitoringProps {
  readonly alarms: readonly Alarm[];
}

/** Answers "are we safe?" first, then how large, how long, how fast. */
export function addDashboard(scope: Construct, props: DashboardProps): void {
  new Dashboard(scope, 'Dashboard', {
    defaultInterval: Duration.days(14),
    widgets: [...safety(props), newest(props), work(props)],
  });
}

function safety({ name, databases, alarms, proofMaxAgeHours }: DashboardProps): IWidget[][] {
  const ages = databases.map((label) => hoursSinceProof(name, label).with({ label }));
  return [
    [
      new SingleValueWidget({
        title: 'Are we safe? Hours since the last proven backup',
        metrics: ages,
        width: WIDTH / 2,
        height: 6,
      }),
      new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: WIDTH / 2, height: 6 }),
    ],
    [
      new GraphWidget({
        title: 'Hours since the last proven backup',
        left: ages,
        leftAnnotations: proofMaxAgeHours === 0 ? [] : [{ value: proofMaxAgeHours, label: 'too old' }],
        width: WIDTH,
      }),
    ],
  ];
}

/** From the log: it costs nothing while nobody looks, a metric for each would. */
function newest({ retain }: DashboardProps): IWidget[] {
  return [
    new LogQueryWidget({
      title: 'Backups: size, duration, rate',
      logGroupNames: [retain.handler.logGroup.logGroupName],
      view: LogQueryVisualizationType.TABLE,
      queryLines: [
        `filter what = "${NEWEST_BACKUP}"`,
        'sort @timestamp desc',
        'dedup prefix',
        'display database, prefix, proven, storedMiB, plainMiB, seconds, plainMiBPerSecond, problem',
      ],
      width: WIDTH,
      height: 8,
    }),
  ];
}

function work({ name, run, backup, sweepMinutes }: DashboardProps): IWidget[] {
  const daily = { period: Duration.days(1), statistic: 'Sum' };
  const period = Duration.minutes(sweepMinutes);
  return [
    new GraphWidget({
      title: 'Runs per day',
      left: [
        run.metricStarted({ ...daily, label: 'begun' }),
        run.metricSucceeded({ ...daily, label: 'succeeded' }),
        run.metricFailed({ ...daily, label: 'failed' }),
      ],
      width: WIDTH / 3,
    }),
    new GraphWidget({
      title: 'Duration of the backup of one database, proof included',
      left: [backup.metricTime({ period: Duration.days(1), statistic: 'Maximum', label: 'longest' })],
      width: WIDTH / 3,
    }),
    new GraphWidget({
      title: 'Boxes',
      left: [
        ofSweep(name, 'sweptBoxes', { period, statistic: 'Sum', label: 'swept' }),
        ofSweep(name, 'boxesPastExpiry', { period, statistic: 'Maximum', label: 'past their expiry' }),
      ],
      width: WIDTH / 3,
    }),
  ];
}
