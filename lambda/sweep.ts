import { EC2Client } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import type { SweepResult } from '../contract/events';
import { METRICS } from '../contract/metrics';
import { parseInstant } from '../contract/tags';
import { instancesOfStack, isBox, isJumpHost, type StackInstance } from './boxes';
import { type Clock, systemClock } from './clock';
import { sweepEnvironment } from './environment';
import { SweepIncomplete } from './errors';
import { log, reasonOf } from './log';
import { measure } from './metrics';
import { terminateEach } from './terminate';
import { type AbortedUploads, abortUploadsOfDeadBoxes } from './uploads';

const ec2 = new EC2Client({ maxAttempts: 8 });
const s3 = new S3Client({ maxAttempts: 5 });

/** What a sweep works with. */
export interface Sweeping {
  readonly ec2: EC2Client;
  readonly s3: S3Client;
  readonly stackId: string;
  /** Name of the stack, for the metrics. */
  readonly name: string;
  /** Where dead boxes may have left uploads; undefined where there is none. */
  readonly bucket: string | undefined;
  readonly clock: Clock;
}

/**
 * Ends every box that should not be there any more, then aborts what dead boxes left in the bucket. Takes any event.
 *
 * Needs ec2:DescribeInstances; ec2:TerminateInstances on instances of this stack; on the bucket
 * s3:ListBucketMultipartUploads, and s3:AbortMultipartUpload below `backups/`.
 */
export async function handler(): Promise<SweepResult> {
  return sweep({ ec2, s3, ...sweepEnvironment(process.env), clock: systemClock });
}

/**
 * The function with all that it depends on. One failure stops nothing else.
 *
 * @throws SweepIncomplete naming everything that failed, after all the rest was done
 */
export async function sweep(sweeping: Sweeping): Promise<SweepResult> {
  const now = sweeping.clock.now();
  const condemned = (await instancesOfStack(sweeping.ec2, sweeping.stackId)).flatMap((instance) => {
    const reason = isEnding(instance) ? undefined : reasonToEnd(instance, now);
    return reason === undefined ? [] : [{ instance, instanceId: instance.instanceId, reason }];
  });
  const refused = await terminateEach(
    sweeping.ec2,
    condemned.map(({ instanceId }) => instanceId),
  );
  const uploads = await abortUploads(sweeping);
  const ended = condemned.filter(({ instanceId }) => !refused.has(instanceId));
  const result: SweepResult = {
    swept: ended.map(({ instanceId, reason }) => ({ instanceId, reason })),
    abortedUploads: uploads.aborted,
  };
  measure(
    { Stack: sweeping.name },
    {
      [METRICS.sweptBoxes]: ended.filter(({ instance }) => isOverdue(instance, now)).length,
      [METRICS.boxesPastExpiry]: refused.size,
    },
    now,
  );
  log('swept', { boxes: result.swept, uploads: result.abortedUploads.length });
  const failures = [...byReason(refused), ...uploads.failures];
  if (failures.length === 0) return result;
  throw new SweepIncomplete(
    `${result.swept.length} boxes were ended and ${result.abortedUploads.length} uploads aborted, but this failed:\n` +
      `${failures.join('\n')}\nThe next sweep tries again.`,
  );
}

const isEnding = ({ state }: StackInstance): boolean => state === 'shutting-down' || state === 'terminated';

/** Why an instance of this stack must go now; undefined when it may stay. */
export function reasonToEnd(instance: StackInstance, now: Date): string | undefined {
  if (isJumpHost(instance)) return undefined;
  if (instance.purpose === undefined) return 'no purpose tag';
  if (!isBox(instance)) return `unknown purpose ${instance.purpose}`;
  if (instance.expiresAt === undefined) return 'no expiry tag';
  const expiry = parseInstant(instance.expiresAt);
  if (expiry === undefined) return `unreadable expiry ${instance.expiresAt}`;
  return expiry.getTime() <= now.getTime() ? `expired at ${instance.expiresAt}` : undefined;
}

/** The timer of a box looks once a minute, and powering off takes a moment: until then, being swept is no sign of trouble. */
const OWN_TIMER_MS = 120_000;

/** Whether something is wrong with a box that must go: its timer has not done its work, or it is tagged badly. */
function isOverdue({ expiresAt }: StackInstance, now: Date): boolean {
  const expiry = parseInstant(expiresAt);
  return expiry === undefined || now.getTime() - expiry.getTime() >= OWN_TIMER_MS;
}

async function abortUploads({ ec2, s3, bucket }: Sweeping): Promise<AbortedUploads> {
  if (bucket === undefined) return { aborted: [], failures: [] };
  try {
    return await abortUploadsOfDeadBoxes(s3, ec2, bucket);
  } catch (error) {
    return { aborted: [], failures: [`looking for uploads of dead boxes: ${reasonOf(error)}`] };
  }
}

/** One line per reason, so that thousands of ids still fit into the error of a function. */
function byReason(refused: ReadonlyMap<string, unknown>): string[] {
  const ids = new Map<string, string[]>();
  for (const [id, error] of refused) {
    const reason = reasonOf(error);
    ids.set(reason, [...(ids.get(reason) ?? []), id]);
  }
  return [...ids].map(([reason, named]) => `not ended: ${named.join(', ')}: ${reason}`);
}
