import { METRIC_NAMESPACE } from '../contract/metrics';

/**
 * Writes metrics into the function's log, where CloudWatch finds them: no permission, no call that could fail.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 * @param dimensions - names and values, together one set
 */
export function measure(
  dimensions: Readonly<Record<string, string>>,
  values: Readonly<Record<string, number>>,
  now: Date,
): void {
  const directive = {
    Namespace: METRIC_NAMESPACE,
    Dimensions: [Object.keys(dimensions)],
    Metrics: Object.keys(values).map((Name) => ({ Name, Unit: 'None' })),
  };
  const _aws = { Timestamp: now.getTime(), CloudWatchMetrics: [directive] };
  // Not by the console: Lambda puts words before its lines, and such a line must be JSON from its beginning.
  process.stdout.write(`${JSON.stringify({ _aws, ...dimensions, ...values })}\n`);
}
