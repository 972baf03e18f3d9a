import { CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { z } from 'zod';
import { emulatorAccess } from '../clients';
import type { LabContext } from '../context';

/** Something that a service of AWS counts by itself. */
export interface Counted {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Counts one. What AWS measures of its own services comes in past the API, which keeps `AWS/` to itself. */
export function count(context: LabContext, region: string, { namespace, name, dimensions }: Counted): void {
  const datum = {
    MetricName: name,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    Value: 1,
    Unit: 'Count' as const,
    Timestamp: new Date(),
  };
  put(context, region, namespace, [datum]).catch((error: unknown) => {
    context.log(`cloudwatch: ${name} could not be counted: ${String(error)}`);
  });
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
const embedded = z.looseObject({
  _aws: z.object({
    Timestamp: z.int(),
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string(), Unit: z.literal('None') })),
      }),
    ),
  }),
});

/** Metrics of one line of a log, by namespace; none for a line that is not in the embedded format from its first character. */
export function readEmbedded(line: string): [namespace: string, data: MetricDatum[]][] {
  if (!line.startsWith('{') || !line.includes('"_aws"')) return [];
  const parsed = embedded.safeParse(JSON.parse(line));
  if (!parsed.success) return [];
  const { _aws: directive, ...members } = parsed.data;
  const Timestamp = new Date(directive.Timestamp);
  return directive.CloudWatchMetrics.map(({ Namespace, Dimensions, Metrics }) => [
    Namespace,
    Metrics.flatMap(({ Name }) => {
      const Value = members[Name];
      if (typeof Value !== 'number') return [];
      return Dimensions.map((names) => ({
        MetricName: Name,
        Dimensions: names.map((name) => ({ Name: name, Value: String(members[name]) })),
        Value,
        Timestamp,
      }));
    }),
  ]);
}

/** Makes metrics of the lines of a log that hold some, as CloudWatch Logs does. */
export async function putEmbedded(
  context: LabContext,
  region: string,
  lines: readonly string[],
): Promise<void> {
  for (const [namespace, data] of lines.flatMap(readEmbedded)) await put(context, region, namespace, data);
}

async function put(
  context: LabContext,
  region: string,
  Namespace: string,
  MetricData: MetricDatum[],
): Promise<void> {
  const cloudWatch = new CloudWatchClient(emulatorAccess(context, region));
  try {
    await cloudWatch.send(new PutMetricDataCommand({ Namespace, MetricData }));
  } finally {
    cloudWatch.destroy();
  }
}
