import {
  DeleteAlarmsCommand,
  DeleteDashboardsCommand,
  PutDashboardCommand,
  PutMetricAlarmCommand,
} from '@aws-sdk/client-cloudwatch';
import { z } from 'zod';
import { resourceType, type ResourceContext } from '../resource-type';
import { allTags, integer, removed, tags, text, texts } from './properties';

const number = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .transform(Number),
]);

const alarmProperties = z.strictObject({
  AlarmName: text.optional(),
  AlarmDescription: text.optional(),
  AlarmActions: texts.optional(),
  OKActions: texts.optional(),
  ComparisonOperator: z.enum([
    'GreaterThanThreshold',
    'GreaterThanOrEqualToThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
  ]),
  Namespace: text,
  MetricName: text,
  Dimensions: z.array(z.strictObject({ Name: text, Value: text })).optional(),
  Statistic: z.enum(['Average', 'Maximum', 'Minimum', 'SampleCount', 'Sum']),
  Period: integer,
  EvaluationPeriods: integer,
  DatapointsToAlarm: integer.optional(),
  Threshold: number,
  TreatMissingData: z.enum(['breaching', 'notBreaching', 'ignore', 'missing']).optional(),
  Tags: tags.optional(),
});

/** An alarm looks back over a day at most, or seven with periods of an hour and more: the same source says so. */
function demandSpan({ Period, EvaluationPeriods }: Record<'Period' | 'EvaluationPeriods', number>): void {
  const longest = Period >= 3_600 ? 604_800 : 86_400;
  if (Period * EvaluationPeriods > longest)
    throw new Error(`Period × EvaluationPeriods must be ${longest} seconds or less.`);
}

async function putAlarm(
  id: string,
  { Tags, ...properties }: z.output<typeof alarmProperties>,
  context: ResourceContext,
): Promise<void> {
  demandSpan(properties);
  await context.clients.cloudWatch.send(
    new PutMetricAlarmCommand({ ...properties, AlarmName: id, Tags: allTags(Tags, context) }),
  );
}

const alarmArn = (id: string, { region, account }: ResourceContext): string =>
  `arn:aws:cloudwatch:${region}:${account}:alarm:${id}`;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const alarm = resourceType({
  type: 'AWS::CloudWatch::Alarm',
  properties: alarmProperties,
  createOnly: ['AlarmName'],
  async create(properties, context) {
    const id = properties.AlarmName ?? context.name(255);
    await putAlarm(id, properties, context);
    return { id, attributes: { Arn: alarmArn(id, context) } };
  },
  async update(id, properties, _previous, context) {
    await putAlarm(id, properties, context);
    return { id, attributes: { Arn: alarmArn(id, context) } };
  },
  async delete(id, _properties, { clients: { cloudWatch } }) {
    await removed(cloudWatch.send(new DeleteAlarmsCommand({ AlarmNames: [id] })));
  },
});

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html */
const dashboard = resourceType({
  type: 'AWS::CloudWatch::Dashboard',
  properties: z.strictObject({ DashboardName: text.optional(), DashboardBody: text }),
  createOnly: ['DashboardName'],
  async create({ DashboardName, DashboardBody }, context) {
    const id = DashboardName ?? context.name(255);
    await context.clients.cloudWatch.send(new PutDashboardCommand({ DashboardName: id, DashboardBody }));
    return { id };
  },
  async update(id, { DashboardBody }, _previous, { clients: { cloudWatch } }) {
    await cloudWatch.send(new PutDashboardCommand({ DashboardName: id, DashboardBody }));
    return { id };
  },
  async delete(id, _properties, { clients: { cloudWatch } }) {
    await removed(cloudWatch.send(new DeleteDashboardsCommand({ DashboardNames: [id] })));
  },
});

/** Alarms and dashboards. */
export const MONITORING_TYPES = [alarm, dashboard];
