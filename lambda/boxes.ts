import { type EC2Client, type Filter, type Instance, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import { PURPOSES, type Purpose } from '../contract/purposes';
import { JUMP_HOST, TAGS } from '../contract/tags';
import type { Clock } from './clock';

/** An instance as EC2 describes it, with the tags that matter here as they stand. */
export interface StackInstance {
  readonly instanceId: string;
  /** EC2 state name, `unknown` when EC2 says none. */
  readonly state: string;
  readonly stateReason: string | undefined;
  readonly launchedAt: Date;
  readonly stackId: string | undefined;
  readonly purpose: string | undefined;
  readonly requestId: string | undefined;
  /** Intake source, of its boxes only. */
  readonly source: string | undefined;
  readonly holder: string | undefined;
  /** Text of the expiry tag, unread. */
  readonly expiresAt: string | undefined;
  /** Auto Scaling group that keeps the instance. */
  readonly group: string | undefined;
}

/** A box whose purpose is known. */
export type Box = StackInstance & { readonly purpose: Purpose };

/** Set by EC2 Auto Scaling. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html */
const GROUP_TAG = 'aws:autoscaling:groupName';
/** EC2 allows 200 values in one filter and 1,000 results on one page. */
const FILTER_VALUES = 200;
const PAGE_SIZE = 1000;

/** How long a launched instance may stay invisible: EC2 is eventually consistent. Milliseconds between looks. */
const PATIENCE_MS = [2_000, 4_000, 8_000];

/** An instance of which nothing but the id is known, until somebody knows more. */
export function unseen(instanceId: string): StackInstance {
  return { ...toStackInstance({}), instanceId };
}

/** Reads what EC2 says about an instance. */
export function toStackInstance(instance: Instance): StackInstance {
  const tag = (key: string): string | undefined => instance.Tags?.find(({ Key }) => Key === key)?.Value;
  return {
    instanceId: instance.InstanceId ?? '',
    state: instance.State?.Name ?? 'unknown',
    stateReason: instance.StateReason?.Message,
    launchedAt: instance.LaunchTime ?? new Date(0),
    stackId: tag(TAGS.stack),
    purpose: tag(TAGS.purpose),
    requestId: tag(TAGS.requestId),
    source: tag(TAGS.source),
    holder: tag(TAGS.holder),
    expiresAt: tag(TAGS.expiresAt),
    group: tag(GROUP_TAG),
  };
}

async function describe(ec2: EC2Client, filters: Filter[]): Promise<StackInstance[]> {
  const found: StackInstance[] = [];
  for await (const page of paginateDescribeInstances(
    { client: ec2, pageSize: PAGE_SIZE },
    { Filters: filters },
  )) {
    for (const reservation of page.Reservations ?? []) {
      found.push(...(reservation.Instances ?? []).map(toStackInstance));
    }
  }
  return found;
}

/** Everything that carries the stack's tag, in any state, the jump host included. */
export function instancesOfStack(ec2: EC2Client, stackId: string): Promise<StackInstance[]> {
  return describe(ec2, [{ Name: `tag:${TAGS.stack}`, Values: [stackId] }]);
}

/** What EC2 knows of these ids, whoever launched them. It knows terminated ones for about an hour. */
export async function instancesById(ec2: EC2Client, ids: readonly string[]): Promise<StackInstance[]> {
  const found: StackInstance[] = [];
  // A filter, not `InstanceIds`: one unknown id would fail the whole call.
  for (let at = 0; at < ids.length; at += FILTER_VALUES) {
    found.push(
      ...(await describe(ec2, [{ Name: 'instance-id', Values: ids.slice(at, at + FILTER_VALUES) }])),
    );
  }
  return found;
}

/** One instance; waits a while for an id that EC2 does not know, since it may have been launched a moment ago. */
export async function findInstance(
  ec2: EC2Client,
  id: string,
  clock: Clock,
): Promise<StackInstance | undefined> {
  for (const waitMs of [...PATIENCE_MS, undefined]) {
    const [found] = await instancesById(ec2, [id]);
    if (found !== undefined || waitMs === undefined) return found;
    await clock.sleep(waitMs);
  }
  return undefined;
}

/** Starting or running. */
export const isLive = ({ state }: StackInstance): boolean => state === 'pending' || state === 'running';

/** True for the standing jump host, which is no box. */
export const isJumpHost = ({ purpose }: StackInstance): boolean => purpose === JUMP_HOST;

/** True when the purpose tag is one of the contract's. */
export const isBox = (instance: StackInstance): instance is Box =>
  PURPOSES.some((purpose) => purpose === instance.purpose);

/** Oldest first; the id decides between launches of the same second, so that everybody sees one order. */
export const byAge = (a: StackInstance, b: StackInstance): number =>
  a.launchedAt.getTime() - b.launchedAt.getTime() || (a.instanceId < b.instanceId ? -1 : 1);
