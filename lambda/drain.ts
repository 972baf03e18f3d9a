import { EC2Client } from '@aws-sdk/client-ec2';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { instancesOfStack } from './boxes';
import { type Clock, deadline, systemClock } from './clock';
import { ANSWER_RESERVE_MS, answerCloudFormation } from './cloudformation';
import { drainEnvironment } from './environment';
import { log } from './log';
import { terminateUntilNone } from './terminate';

const ec2 = new EC2Client({ maxAttempts: 8 });
/** An instance shows up in EC2's lists some seconds after its launch was accepted, and a template may be used as long. */
const VISIBILITY_MARGIN_MS = 15_000;
/** The work gives up a little before it would be cut off, so that its error can name what is left. */
const WORK_RESERVE_MS = ANSWER_RESERVE_MS + 2_000;

/** What the drain works with. */
export interface Draining {
  readonly ec2: EC2Client;
  readonly clock: Clock;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/**
 * Custom resource: when the stack is deleted, ends everything that it launched before the network goes, but for what an
 * Auto Scaling group keeps. Disks and network interfaces go with their instances.
 *
 * Needs ec2:DescribeInstances, and ec2:TerminateInstances on instances of this stack. Whatever could launch a box again
 * (the create function and its permissions, schedules, the boxes' launch templates) must be deleted before this resource is.
 */
export async function handler(
  event: CloudFormationCustomResourceEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<void> {
  return drain(event, context.getRemainingTimeInMillis(), {
    ec2,
    clock: systemClock,
    variables: process.env,
  });
}

/**
 * The function with all that it depends on. Creating and updating need no work.
 *
 * @param remainingMs - time left of the invocation
 */
export async function drain(
  event: CloudFormationCustomResourceEvent,
  remainingMs: number,
  draining: Draining,
): Promise<void> {
  const until = deadline(draining.clock, remainingMs, WORK_RESERVE_MS);
  return answerCloudFormation(event, remainingMs, draining.clock, async () => {
    if (event.RequestType === 'Delete') await empty(draining, until);
  });
}

/**
 * A create call that was in flight when the drain began outlives its function, but not the launch template: EC2 refuses to
 * launch from one that is gone. So only what was accepted just before may still show up.
 */
async function empty({ ec2, clock, variables }: Draining, until: Date): Promise<void> {
  const { stackId } = drainEnvironment(variables);
  const notBefore = new Date(clock.now().getTime() + VISIBILITY_MARGIN_MS);
  await terminateUntilNone(
    async () => {
      const seen = await instancesOfStack(ec2, stackId);
      log('scan', { instances: seen.map(({ instanceId, state }) => `${instanceId} ${state}`) });
      // A group would replace what is ended here; CloudFormation ends its instances with the group.
      return seen.filter(({ group }) => group === undefined);
    },
    { ec2, clock, deadline: until, notBefore },
  );
}
