import { EC2Client } from '@aws-sdk/client-ec2';
import type { Context } from 'aws-lambda';
import {
  destroyAllEvent,
  type DestroyEvent,
  destroyHeldEvent,
  destroyOneEvent,
  type DestroyResult,
} from '../contract/events';
import { parseOrRefuse } from '../contract/problems';
import {
  findInstance,
  instancesById,
  instancesOfStack,
  isJumpHost,
  type StackInstance,
  unseen,
} from './boxes';
import { deadline, systemClock } from './clock';
import { destroyEnvironment } from './environment';
import { NotOurBox } from './errors';
import { type Ending, terminateUntilNone } from './terminate';

const ec2 = new EC2Client({ maxAttempts: 5 });
/** Left for the answer, milliseconds. */
const RESERVE_MS = 5_000;
/** The create function ends after 60 s, and EC2 shows what it launched a little later. Milliseconds. */
const LAUNCH_MS = 75_000;

/**
 * Ends one box of this stack, those of one holder, or all of them, and returns when they are `terminated`.
 *
 * Needs ec2:DescribeInstances, and ec2:TerminateInstances on instances of this stack.
 */
export async function handler(
  event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<DestroyResult> {
  const { stackId, source } = destroyEnvironment(process.env);
  const until = deadline(systemClock, context.getRemainingTimeInMillis(), RESERVE_MS);
  return destroy(event, stackId, { ec2, clock: systemClock, deadline: until }, source);
}

/**
 * The function with all that it depends on. A box that has ended already is a success.
 *
 * @param source - intake source whose boxes alone may be ended; undefined for every box of the stack
 */
export async function destroy(
  event: unknown,
  stackId: string,
  ending: Ending,
  source?: string,
): Promise<DestroyResult> {
  const asked = readDestroyEvent(event);
  const isInScope = (instance: StackInstance): boolean => source === undefined || instance.source === source;
  if ('holder' in asked) return destroyHeld(asked.holder, stackId, isInScope, ending);
  const boxes =
    'all' in asked
      ? (await instancesOfStack(ending.ec2, stackId)).filter(isInScope).filter(isBoxToEnd)
      : [await ownBox(asked.instanceId, stackId, isInScope, ending)];
  const ids = boxes.map(({ instanceId }) => instanceId);
  if (boxes.some(({ state }) => state !== 'terminated')) {
    await terminateUntilNone(async () => withMissing(ids, await instancesById(ending.ec2, ids)), ending);
  }
  return { terminated: ids };
}

/**
 * Looks until a launch that was under way when the call came must have ended: whoever asks may not know whether its own
 * request for a box was carried out.
 */
async function destroyHeld(
  holder: string,
  stackId: string,
  isInScope: (instance: StackInstance) => boolean,
  ending: Ending,
): Promise<DestroyResult> {
  const ended = new Set<string>();
  const notBefore = new Date(ending.clock.now().getTime() + LAUNCH_MS);
  await terminateUntilNone(
    async () => {
      const held = (await instancesOfStack(ending.ec2, stackId))
        .filter(isInScope)
        .filter((one) => one.holder === holder);
      for (const { instanceId } of held) ended.add(instanceId);
      return held;
    },
    { ...ending, notBefore },
  );
  return { terminated: [...ended] };
}

/** Reads the event; throws RefusedInput naming every problem and the accepted forms. */
export function readDestroyEvent(event: unknown): DestroyEvent {
  const accepted =
    '{ "instanceId": "i-…" } for one box, { "holder": "…" } for those of one holder, ' +
    'or { "all": true } for every box of this stack.';
  const has = (field: string): boolean => typeof event === 'object' && event !== null && field in event;
  const what = 'event of the destroy function';
  if (has('instanceId')) return parseOrRefuse(destroyOneEvent, event, what, accepted);
  if (has('holder')) return parseOrRefuse(destroyHeldEvent, event, what, accepted);
  return has('all')
    ? parseOrRefuse(destroyAllEvent, event, what, accepted)
    : parseOrRefuse(destroyOneEvent, event, what, accepted);
}

/** Boxes with a missing or unknown purpose belong to it: they are ours, and nobody else ends them. */
const isBoxToEnd = (instance: StackInstance): boolean =>
  !isJumpHost(instance) && instance.state !== 'terminated';

async function ownBox(
  id: string,
  stackId: string,
  isInScope: (instance: StackInstance) => boolean,
  { ec2, clock }: Ending,
): Promise<StackInstance> {
  const found = await findInstance(ec2, id, clock);
  if (found === undefined) {
    throw new NotOurBox(
      `${id} is not known to EC2 as a box of this stack; nothing was changed. It never existed in this account and ` +
        'region, or ended more than an hour ago.',
    );
  }
  // EC2 takes the tags off an instance some time after it has terminated; then there is nothing left to protect.
  if (found.state === 'terminated' && found.stackId === undefined) return found;
  if (found.stackId !== stackId || isJumpHost(found) || !isInScope(found)) {
    const what = isJumpHost(found)
      ? 'a jump host, which is no box'
      : found.stackId === stackId
        ? 'not a box of this source'
        : 'not a box of this stack';
    throw new NotOurBox(`${id} is ${what}; nothing was changed. Accepted: a box that this stack launched.`);
  }
  return found;
}

/** An instance that EC2 does not show is not proven to be gone. */
function withMissing(ids: readonly string[], seen: readonly StackInstance[]): StackInstance[] {
  const shown = new Map(seen.map((instance) => [instance.instanceId, instance]));
  return ids.map((instanceId) => shown.get(instanceId) ?? unseen(instanceId));
}
