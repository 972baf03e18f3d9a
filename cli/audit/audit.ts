import { CloudTrailClient, paginateLookupEvents } from '@aws-sdk/client-cloudtrail';
import { clientSettings } from '../aws/settings';
import { optionalOutput, type Stack } from '../aws/stack';
import { listBoxes } from '../boxes/list';
import type { Context } from '../framework/command';

/**
 * What counts as an attempt to get in, or to make a way in. CloudTrail looks up by one name at a time, twice a second at most
 * (https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html).
 */
const EVENTS = {
  RunInstances: 'box launched',
  TerminateInstances: 'box ended',
  SetDesiredCapacity: 'jump host',
  StartSession: 'session opened',
  TerminateSession: 'session ended',
  SendSSHPublicKey: 'SSH key',
} as const;

/** One attempt. */
export interface Attempt {
  /** ISO 8601. */
  readonly at: string;
  readonly what: string;
  /** ARN. */
  readonly who: string;
  /** Address, or the AWS service that acted. */
  readonly from: string;
  /** Instance, document, group: what it was about. */
  readonly about: string;
  /** AWS's code; null when it was allowed. */
  readonly refused: string | null;
}

/** The parts of a record that are looked at. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
interface Recorded {
  readonly eventName?: string;
  readonly eventTime?: string;
  readonly sourceIPAddress?: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly userIdentity?: { readonly arn?: string; readonly invokedBy?: string };
  readonly requestParameters?: Readonly<Record<string, unknown>> | null;
  readonly responseElements?: unknown;
}

const INSTANCE = /\bi-(?:[0-9a-f]{17}|[0-9a-f]{8})\b/g;

async function lookUp(client: CloudTrailClient, name: string, since: Date): Promise<Recorded[]> {
  const found: Recorded[] = [];
  const pages = paginateLookupEvents(
    { client },
    { LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: name }], StartTime: since },
  );
  for await (const { Events = [] } of pages)
    for (const { CloudTrailEvent } of Events)
      if (CloudTrailEvent !== undefined) found.push(JSON.parse(CloudTrailEvent) as Recorded);
  return found;
}

function attemptOf(recorded: Recorded): Attempt {
  const { eventName = '', errorCode, errorMessage, requestParameters, responseElements } = recorded;
  const parameters = requestParameters ?? {};
  const named = [
    'target',
    'instanceId',
    'documentName',
    'sessionId',
    'autoScalingGroupName',
    'desiredCapacity',
  ].flatMap((key) => {
    const value = parameters[key];
    return typeof value === 'string' || typeof value === 'number' ? [String(value)] : [];
  });
  const instances = JSON.stringify([parameters, responseElements, errorMessage ?? '']).match(INSTANCE) ?? [];
  return {
    at: recorded.eventTime ?? '',
    what: EVENTS[eventName as keyof typeof EVENTS],
    who: recorded.userIdentity?.arn ?? recorded.userIdentity?.invokedBy ?? 'unknown',
    from: recorded.sourceIPAddress ?? '',
    about: [...new Set([...named, ...instances])].join(' '),
    refused: errorCode ?? null,
  };
}

/** Names by which a record can be told to be about this stack. */
async function namesOf(context: Context, stack: Stack): Promise<Set<string>> {
  const outputs = (
    [
      'connectDocument',
      'forwardDocument',
      'shellDocument',
      'sshDocument',
      'hostKeysDocument',
      'jumpHostGroup',
    ] as const
  ).flatMap((name) => optionalOutput(stack, name) ?? []);
  const boxes = await listBoxes(context, stack);
  return new Set([stack.id, ...outputs, ...boxes.map(({ instanceId }) => instanceId)]);
}

/**
 * Every attempt to get in, refused ones too, the newest first. CloudTrail keeps 90 days, and shows an event after some
 * minutes.
 */
export async function audit(context: Context, stack: Stack, since: Date): Promise<Attempt[]> {
  const client = new CloudTrailClient({ ...clientSettings(context), maxAttempts: 8 });
  try {
    const names = await namesOf(context, stack);
    const isOurs = (recorded: Recorded): boolean => {
      const text = JSON.stringify(recorded);
      return [...names].some((name) => text.includes(name));
    };
    const attempts: Attempt[] = [];
    // Launches come first: they name the boxes of which the others speak, many of them long gone.
    for (const name of Object.keys(EVENTS)) {
      const ours = (await lookUp(client, name, since)).filter(isOurs);
      for (const recorded of ours)
        for (const id of JSON.stringify(recorded).match(INSTANCE) ?? []) names.add(id);
      attempts.push(...ours.map(attemptOf));
    }
    return attempts.sort((one, other) => other.at.localeCompare(one.at));
  } finally {
    client.destroy();
  }
}
