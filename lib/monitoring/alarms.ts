import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type CreateAlarmOptions,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { MonitoringProps } from '../monitoring';
import { hoursSinceProof, ofSweep } from './metrics';

/** Where each alarm is explained: a section of the runbook. */
const RUNBOOK = 'docs/runbook.md';

/** One alarm, before its metric is known. */
interface Watch extends Omit<CreateAlarmOptions, 'alarmDescription'> {
  readonly metric: Metric;
  /** What has happened, as a sentence. */
  readonly says: string;
  /** Anchor of its entry in the runbook. */
  readonly entry: string;
}

/** Makes every alarm that the settings ask for. Who is told is the caller's. */
export function addAlarms(scope: Construct, props: MonitoringProps): Alarm[] {
  const watches = { ...proofs(props), ...runs(props), ...boxes(props) };
  return Object.entries(watches).map(([id, { metric, says, entry, ...options }]) => {
    const alarmDescription = `${says} What to do: ${RUNBOOK}#${entry}`;
    return new Alarm(scope, id, { metric, ...options, alarmDescription });
  });
}

function proofs({ name, databases, proofMaxAgeHours }: MonitoringProps): Record<string, Watch> {
  if (proofMaxAgeHours === 0) return {};
  const one = (database: string): Watch => ({
    metric: hoursSinceProof(name, database),
    threshold: proofMaxAgeHours,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    // The measurement may slip into the next hour: one hour without is no sign.
    evaluationPeriods: 3,
    datapointsToAlarm: 2,
    // Nothing is measured while no proof exists at all.
    treatMissingData: TreatMissingData.BREACHING,
    says: `${database}: no backup of the last ${proofMaxAgeHours} hours is proven to restore.`,
    entry: 'proof-too-old',
  });
  return Object.fromEntries(databases.map((database) => [`ProofTooOld-${database}`, one(database)]));
}

function runs({ run, runMaxGapHours }: MonitoringProps): Record<string, Watch> {
  const failed: Watch = {
    metric: run.metricFailed({ period: Duration.minutes(5), statistic: 'Sum' }),
    threshold: 0,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
    says: 'A run has failed: at least one database was not backed up or not proven.',
    entry: 'run-failed',
  };
  if (runMaxGapHours === 0) return { RunFailed: failed };
  const missed: Watch = {
    metric: run.metricStarted({ period: Duration.hours(1), statistic: 'Sum' }),
    threshold: 1,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: runMaxGapHours,
    treatMissingData: TreatMissingData.BREACHING,
    says: `No run has begun for ${runMaxGapHours} hours.`,
    entry: 'run-missed',
  };
  return { RunFailed: failed, RunMissed: missed };
}

function boxes({ name, sweepMinutes }: MonitoringProps): Record<string, Watch> {
  const period = Duration.minutes(sweepMinutes);
  return {
    BoxPastExpiry: {
      metric: ofSweep(name, 'boxesPastExpiry', { period, statistic: 'Maximum' }),
      threshold: 0,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
      // Every sweep writes it: without, there was no sweep.
      treatMissingData: TreatMissingData.BREACHING,
      says: 'A box lives past its expiry and the sweep cannot end it, or the sweep itself does not run.',
      entry: 'box-past-expiry',
    },
    BoxSwept: {
      metric: ofSweep(name, 'sweptBoxes', { period, statistic: 'Sum' }),
      threshold: 0,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      says: 'The sweep had to end a box that should have ended itself. It is gone.',
      entry: 'box-swept',
    },
  };
}
