import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { emptyBucket } from './bucket';
import { type Clock, deadline, systemClock } from './clock';
import { ANSWER_RESERVE_MS, answerCloudFormation } from './cloudformation';
import { emptyEnvironment } from './environment';
import { log } from './log';

const clients = {
  s3: new S3Client({ maxAttempts: 8 }),
  cloudFormation: new CloudFormationClient({ maxAttempts: 8 }),
};
/** The last request before the deadline, with its repetitions, has this long to end. */
const WORK_RESERVE_MS = ANSWER_RESERVE_MS + 30_000;

/** What the emptier works with. */
export interface EmptierParts {
  readonly s3: S3Client;
  readonly cloudFormation: CloudFormationClient;
  readonly clock: Clock;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/**
 * Custom resource of stacks with `onDestroy: delete`: when the stack itself is deleted, empties the bucket of backups, locked
 * ones too. CDK's own emptier sends no governance bypass.
 *
 * CloudFormation also sends a Delete when an update takes the resource out of the template (the setting went back to `keep`)
 * or rolls its creation back: then nothing is touched.
 *
 * Needs cloudformation:DescribeStacks on its stack and what `emptyBucket` needs.
 */
export async function handler(
  event: CloudFormationCustomResourceEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<void> {
  return empty(event, context.getRemainingTimeInMillis(), {
    ...clients,
    clock: systemClock,
    variables: process.env,
  });
}

/**
 * The function with all that it depends on.
 *
 * @param remainingMs - time left of the invocation
 */
export async function empty(
  event: CloudFormationCustomResourceEvent,
  remainingMs: number,
  parts: EmptierParts,
): Promise<void> {
  const until = deadline(parts.clock, remainingMs, WORK_RESERVE_MS);
  return answerCloudFormation(event, remainingMs, parts.clock, async () => {
    if (event.RequestType !== 'Delete') return;
    const { stackId, bucket } = emptyEnvironment(parts.variables);
    const status = await stackStatus(parts.cloudFormation, stackId);
    if (status !== 'DELETE_IN_PROGRESS') {
      log('left alone: the stack is not being deleted', { bucket, status });
      return;
    }
    log('emptied', { bucket, ...(await emptyBucket(parts.s3, bucket, parts.clock, until)) });
  });
}

async function stackStatus(client: CloudFormationClient, stackId: string): Promise<string | undefined> {
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackId }));
  return Stacks[0]?.StackStatus;
}
