import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricProps } from 'aws-cdk-lib/aws-cloudwatch';
import { METRIC_NAMESPACE, METRICS } from '../../contract/metrics';

type Reading = Omit<MetricProps, 'namespace' | 'metricName' | 'dimensionsMap'>;

/** Hours since the newest proven backup of a database was stored: see lambda/retain.ts, which measures it every hour. */
export const hoursSinceProof = (stack: string, database: string): Metric =>
  new Metric({
    namespace: METRIC_NAMESPACE,
    metricName: METRICS.hoursSinceProof,
    dimensionsMap: { Stack: stack, Database: database },
    statistic: 'Maximum',
    period: Duration.hours(1),
  });

/** What a sweep counts: see lambda/sweep.ts. */
export const ofSweep = (stack: string, name: 'sweptBoxes' | 'boxesPastExpiry', reading: Reading): Metric =>
  new Metric({
    namespace: METRIC_NAMESPACE,
    metricName: METRICS[name],
    dimensionsMap: { Stack: stack },
    ...reading,
  });
