import { type EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { StackInstance } from './boxes';
import type { Clock } from './clock';
import { eachLimited } from './concurrency';
import { NotTerminated } from './errors';
import { isAwsError, log, reasonOf } from './log';

/** At most so many calls of TerminateInstances at a time; EC2 throttles by account. */
const AT_ONCE = 8;
/** Between looks at EC2 while instances shut down: milliseconds, growing from the first to the last. */
const FIRST_WAIT_MS = 2_000;
const LAST_WAIT_MS = 10_000;

/**
 * Asks EC2 to terminate each instance by a call of its own, because one bad id fails a whole batch.
 *
 * @returns the instances for which that failed, with the error
 */
export async function terminateEach(
  ec2: EC2Client,
  ids: readonly string[],
): Promise<ReadonlyMap<string, unknown>> {
  const failures = new Map<string, unknown>();
  await eachLimited(ids, AT_ONCE, async (id) => {
    try {
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
      log('terminating', { instanceId: id });
    } catch (error) {
      log('not terminating', { instanceId: id, error: reasonOf(error) });
      failures.set(id, error);
    }
  });
  return failures;
}

/** What {@link terminateUntilNone} works with. */
export interface Ending {
  readonly ec2: EC2Client;
  readonly clock: Clock;
  /** When to give up with an error, so that there is time left to say so. */
  readonly deadline: Date;
  /** The last look happens at this instant or later: an instance may still appear until then. */
  readonly notBefore?: Date;
}

/**
 * Terminates what `scan` finds, and scans again until it finds only `terminated` instances.
 *
 * @param scan - a fresh look at EC2
 * @throws NotTerminated naming what is left, when the deadline comes or EC2 refuses to terminate something
 */
export async function terminateUntilNone(
  scan: () => Promise<readonly StackInstance[]>,
  ending: Ending,
): Promise<void> {
  const { ec2, clock, deadline, notBefore = new Date(0) } = ending;
  const refused = new Map<string, string>();
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 1.5, LAST_WAIT_MS)) {
    const scannedAt = clock.now();
    const left = (await scan()).filter(
      ({ instanceId, state }) => state !== 'terminated' && !refused.has(instanceId),
    );
    if (left.length === 0 && scannedAt >= notBefore) break;
    const toEnd = left.filter(({ state }) => state !== 'shutting-down').map(({ instanceId }) => instanceId);
    for (const [id, error] of await terminateEach(ec2, toEnd)) {
      // Right after a launch EC2 may not know the instance yet: no proof that it is gone, so it is tried again.
      if (!isAwsError(error, 'InvalidInstanceID.NotFound')) refused.set(id, reasonOf(error));
    }
    if (clock.now().getTime() + waitMs > deadline.getTime()) throw outOfTime(left, refused);
    await clock.sleep(waitMs);
  }
  if (refused.size > 0) throw new NotTerminated(`Not terminated: ${named(refused)}.`);
}

const named = (refused: ReadonlyMap<string, string>): string =>
  [...refused].map(([id, why]) => `${id} (${why})`).join(', ');

function outOfTime(left: readonly StackInstance[], refused: ReadonlyMap<string, string>): NotTerminated {
  const waiting = left
    .filter(({ instanceId }) => !refused.has(instanceId))
    .map(({ instanceId, state }) => `${instanceId} (${state})`);
  const all = [...waiting, ...(refused.size > 0 ? [named(refused)] : [])];
  return new NotTerminated(
    all.length > 0
      ? `Time ran out; not known to be terminated: ${all.join(', ')}. Call again.`
      : 'Time ran out before the last look, for which an instance may still have been on its way. Call again.',
  );
}
