import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import type { Manifest } from '../../contract/manifest';
import { clientSettings } from '../aws/settings';
import type { Context } from '../framework/command';

/** Around an instant that CloudTrail is asked about: minutes. */
const AROUND_MINUTES = 15;

/** Who or what made a backup. */
export interface Origin {
  /** Execution that backed up this database; null when it was started by hand on a box. */
  readonly execution: string | null;
  /** Run that it belonged to. */
  readonly run: string | null;
  /** ARN of whoever started the run; null where nobody can say any more. */
  readonly startedBy: string | null;
  /** Identity that wrote it: the role of the box, whose session is named after the box. */
  readonly writtenAs: string | null;
}

interface Recorded {
  readonly eventName?: string;
  readonly userIdentity?: { readonly arn?: string; readonly invokedBy?: string };
  readonly responseElements?: { readonly executionArn?: string } | null;
}

/** What CloudTrail has recorded of one kind of call around an instant; it keeps 90 days. */
async function recorded(trail: CloudTrailClient, name: string, at: Date): Promise<Recorded[]> {
  const shifted = (minutes: number): Date => new Date(at.getTime() + minutes * 60_000);
  const { Events = [] } = await trail.send(
    new LookupEventsCommand({
      LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: name }],
      StartTime: shifted(-AROUND_MINUTES),
      EndTime: shifted(AROUND_MINUTES),
    }),
  );
  return Events.flatMap(({ CloudTrailEvent }) =>
    CloudTrailEvent === undefined ? [] : [JSON.parse(CloudTrailEvent) as Recorded],
  );
}

/** Step Functions forgets an execution 90 days after its end. */
async function describe(sfn: SFNClient, executionArn: string) {
  try {
    return await sfn.send(new DescribeExecutionCommand({ executionArn }));
  } catch (error) {
    if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return undefined;
    throw error;
  }
}

/** Asks Step Functions and CloudTrail where a backup came from. */
export async function originOf(context: Context, manifest: Manifest): Promise<Origin> {
  const [sfn, trail] = [
    new SFNClient(clientSettings(context)),
    new CloudTrailClient({ ...clientSettings(context), maxAttempts: 8 }),
  ];
  try {
    const { execution, startedAt, box } = manifest;
    const child = execution === null ? undefined : await describe(sfn, execution);
    const { AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: run = null } = JSON.parse(
      child?.input ?? '{}',
    ) as Record<string, string>;
    const parent = run === null ? undefined : await describe(sfn, run);
    const starts = await recorded(trail, 'StartExecution', parent?.startDate ?? new Date(startedAt));
    const asked = run ?? execution;
    const start = starts.find(
      ({ responseElements }) => asked !== null && responseElements?.executionArn === asked,
    );
    const calls = await recorded(trail, 'CompleteMultipartUpload', new Date(manifest.finishedAt));
    const write = calls.find(({ userIdentity }) => userIdentity?.arn?.endsWith(`/${box}`));
    return {
      execution,
      run,
      startedBy: start?.userIdentity?.arn ?? start?.userIdentity?.invokedBy ?? null,
      writtenAs: write?.userIdentity?.arn ?? null,
    };
  } finally {
    sfn.destroy();
    trail.destroy();
  }
}
