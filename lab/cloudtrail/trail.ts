import { z } from 'zod';
import { clockOf, type LabClock } from '../clock';
import type { LabContext } from '../context';
import { onePerLab } from '../one-per-lab';
import type { AwsCall, AwsReply } from '../endpoint/extension';
import { AwsFault } from '../endpoint/fault';
import { pageOf } from '../ssm/paging';
import { Identities } from './identity';
import { recordOf, type TrailRecord } from './record';

/**
 * How long an event takes to be seen: five minutes on average
 * (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html).
 */
const DELAY_MS = 5 * 60_000;
/** Lookups in a second, in one region: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html */
const LOOKUPS_PER_SECOND = 2;
const PAGE = 50;
/** The lab forgets older events than so many; AWS keeps those of 90 days. */
const MOST = 20_000;

/**
 * Calls that work with data: the event history has management events only
 * (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html).
 */
const DATA: Readonly<Record<string, RegExp>> = {
  lambda: /^Invoke/,
  s3: /Object|Part|Multipart/,
  logs: /^(PutLogEvents|GetLogEvents|FilterLogEvents)$/,
  sns: /^Publish/,
};

const attribute = z.object({
  AttributeKey: z.enum(['EventId', 'EventName', 'EventSource', 'ReadOnly', 'Username', 'AccessKeyId']),
  AttributeValue: z.string(),
});
const lookup = z.object({
  LookupAttributes: z.array(attribute).max(1, 'can hold only one attribute').default([]),
  /** Epoch seconds. */
  StartTime: z.number().optional(),
  EndTime: z.number().optional(),
  EventCategory: z.string().optional(),
  MaxResults: z.int().min(1).max(PAGE).optional(),
  NextToken: z.string().optional(),
});

interface Kept {
  readonly record: Promise<TrailRecord>;
  readonly region: string;
  /** By the lab's clock. */
  readonly visibleAt: number;
}

const nameOf = ({ userIdentity: { userName, arn } }: TrailRecord): string =>
  userName ?? arn.split('/').at(-1) ?? '';

const VALUES: Readonly<Record<z.infer<typeof attribute>['AttributeKey'], (record: TrailRecord) => string>> = {
  EventId: ({ eventID }) => eventID,
  EventName: ({ eventName }) => eventName,
  EventSource: ({ eventSource }) => eventSource,
  ReadOnly: ({ readOnly }) => String(readOnly),
  Username: nameOf,
  AccessKeyId: ({ userIdentity }) => userIdentity.accessKeyId,
};

/** The event history of a lab: every management call that reached its endpoint, allowed or refused. */
export class Trail {
  private readonly kept: Kept[] = [];
  private readonly identities: Identities;
  private readonly clock: LabClock;
  private readonly lookups = new Map<string, number[]>();

  constructor(context: LabContext) {
    this.identities = new Identities(context);
    this.clock = clockOf(context);
  }

  /** Remembers a call and its answer. @returns the event; undefined for a call that works with data */
  record(call: AwsCall, reply: AwsReply, sourceIPAddress: string): Promise<TrailRecord> | undefined {
    if (DATA[call.service]?.test(call.operation) === true) return undefined;
    const at = new Date();
    const record = this.identities
      .of(call)
      .then((who) => recordOf(call, reply, who, { sourceIPAddress, at }));
    this.kept.push({ record, region: call.region, visibleAt: this.clock.now().getTime() + DELAY_MS });
    if (this.kept.length > MOST) this.kept.shift();
    // Whoever looks it up gets the failure.
    record.catch(() => undefined);
    return record;
  }

  /** @throws AwsFault `ThrottlingException`, `InvalidLookupAttributesException`, `InvalidTimeRangeException` */
  async lookUp({ region, input }: AwsCall): Promise<unknown> {
    this.throttle(region);
    const read = lookup.safeParse(input);
    if (!read.success) throw new AwsFault('InvalidLookupAttributesException', z.prettifyError(read.error));
    const { LookupAttributes, StartTime = 0, EndTime = Infinity } = read.data;
    if (StartTime > EndTime) throw new AwsFault('InvalidTimeRangeException', 'The start is after the end.');
    const now = this.clock.now().getTime();
    const visible = this.kept.filter((one) => one.region === region && one.visibleAt <= now);
    const records = await Promise.all(visible.map(({ record }) => record));
    const found = records.reverse().filter((record) => {
      const seconds = new Date(record.eventTime).getTime() / 1000;
      const fits = LookupAttributes.every(
        ({ AttributeKey, AttributeValue }) => VALUES[AttributeKey](record) === AttributeValue,
      );
      return fits && seconds >= Math.floor(StartTime) && seconds <= EndTime;
    });
    const { items, NextToken } = pageOf(found, input, PAGE);
    return { Events: items.map(eventOf), NextToken };
  }

  private throttle(region: string): void {
    const now = Date.now();
    const recent = (this.lookups.get(region) ?? []).filter((at) => at > now - 1_000);
    if (recent.length >= LOOKUPS_PER_SECOND) throw new AwsFault('ThrottlingException', 'Rate exceeded');
    this.lookups.set(region, [...recent, now]);
  }
}

const eventOf = (record: TrailRecord): unknown => ({
  EventId: record.eventID,
  EventName: record.eventName,
  ReadOnly: String(record.readOnly),
  AccessKeyId: record.userIdentity.accessKeyId,
  EventTime: new Date(record.eventTime).getTime() / 1000,
  EventSource: record.eventSource,
  Username: nameOf(record),
  Resources: [],
  CloudTrailEvent: JSON.stringify(record),
});

/** The event history of a lab: its endpoint writes it, CloudTrail shows it. */
export const trailOf = onePerLab((context) => new Trail(context));
