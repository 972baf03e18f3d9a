import { type EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { BoxResult, OpenEvent } from '../contract/events';
import { RefusedInput } from '../contract/problems';
import { PURPOSES } from '../contract/purposes';
import { parseInstant } from '../contract/tags';
import { type Box, byAge, instancesOfStack, isBox, isLive, type StackInstance, unseen } from './boxes';
import type { Clock } from './clock';
import type { CreateEnvironment } from './environment';
import { HeldByAnother, LaunchFailed, TooManyBoxes } from './errors';
import { type BoxRequest, expiryAfter, launch, REPEATED } from './launch';
import { log, reasonOf } from './log';
import { boxResult } from './result';

/** What opening and extending work with. */
export interface Opening {
  readonly ec2: EC2Client;
  readonly environment: CreateEnvironment;
  readonly clock: Clock;
  /** Id of the invocation: the request's id when the event has none. Lambda's own retries of one event share it. */
  readonly invocationId: string;
}

/** Milliseconds between looks for an instance that EC2 may not show yet. */
const LOOKS_MS = [0, 1_000, 2_000, 3_000, 4_000, 5_000];

/** Opens a box, or returns the live one that the same request has opened before. */
export async function openBox(event: OpenEvent, opening: Opening): Promise<BoxResult> {
  const request = completed(event, opening);
  const before = await ownInstances(opening);
  const earlier = before.filter(({ requestId }) => requestId === request.requestId);
  const live = earlier.filter(isLive).sort(byAge)[0];
  if (live !== undefined) return existing(live, request, opening);

  refuseOneMore(before.filter(isLive).filter(isBox), opening);
  // A dead box must not be answered with: its id makes the next launch of the same request another one for EC2.
  const dead = earlier.map(({ instanceId }) => instanceId).sort();
  const first = await launchOnce(request, opening, [request.requestId, ...dead]);
  if (first !== undefined) return first;
  // The token's box ended so long ago that EC2 has forgotten it, but not its token.
  const second = await launchOnce(request, opening, [request.requestId, opening.invocationId]);
  if (second !== undefined) return second;
  throw new LaunchFailed(
    `EC2 says that request ${request.requestId} has launched a box already, but shows none. ` +
      'Call again in a minute with the same requestId.',
  );
}

/** A source neither sees nor uses up what others ask for, and nobody else's requests meet its own. */
async function ownInstances({ ec2, environment }: Opening): Promise<StackInstance[]> {
  const all = await instancesOfStack(ec2, environment.stackId);
  return all.filter(({ source }) => source === environment.source);
}

function completed(event: OpenEvent, { environment, invocationId }: Opening): BoxRequest {
  const [first = 'access'] = PURPOSES.filter((purpose) => environment.templates[purpose] !== undefined);
  return {
    purpose: event.purpose ?? first,
    ttlMinutes: event.ttlMinutes ?? environment.ttlMinutes,
    reason: event.reason ?? '',
    requestedBy: event.requestedBy ?? '',
    requestId: event.requestId ?? invocationId,
    holder: event.holder,
  };
}

function existing(instance: StackInstance, request: BoxRequest, { environment }: Opening): BoxResult {
  if (instance.purpose !== request.purpose || !isBox(instance)) {
    throw new RefusedInput(
      `Request ${request.requestId} has opened ${instance.instanceId} with the purpose ${instance.purpose ?? '(none)'}, ` +
        `not ${request.purpose}; nothing was changed. Use another requestId, or ask for the same purpose.`,
    );
  }
  if (parseInstant(instance.expiresAt) === undefined || instance.expiresAt === undefined) {
    throw new RefusedInput(
      `Request ${request.requestId} has opened ${instance.instanceId}, but its expiry tag cannot be read, so that the ` +
        'next sweep will end it; nothing was changed. Use another requestId.',
    );
  }
  if (instance.holder !== request.holder) {
    throw new HeldByAnother(
      `Request ${request.requestId} has opened ${instance.instanceId} for ${instance.holder ?? 'no holder'}, who has it until ` +
        `${instance.expiresAt} at the latest; nothing was changed. Wait until that box has ended, or end it with the ` +
        `destroy function, event {"instanceId": "${instance.instanceId}"}.`,
    );
  }
  return boxResult(instance, instance.expiresAt, true, environment);
}

function refuseOneMore(live: readonly Box[], { environment }: Opening): void {
  if (live.length < environment.maxBoxes) return;
  const boxes = live.map(
    ({ instanceId, purpose, expiresAt }) =>
      `${instanceId} (${purpose}) until ${expiresAt ?? 'the next sweep'}`,
  );
  throw new TooManyBoxes(
    `No box was opened: ${live.length} of at most ${environment.maxBoxes} are live: ${boxes.join(', ')}. ` +
      'End one with the destroy function, event {"instanceId": "i-…"}, or raise the setting maxBoxes and deploy.',
  );
}

/** One launch under one seed. Undefined when EC2 has seen the seed before and no living box came of it. */
async function launchOnce(
  request: BoxRequest,
  opening: Opening,
  seed: readonly string[],
): Promise<BoxResult | undefined> {
  const { ec2, environment, clock } = opening;
  const template = environment.templates[request.purpose];
  if (template === undefined) throw new RefusedInput(`This function opens no box for ${request.purpose}.`);
  const expiresAt = expiryAfter(clock.now(), request.ttlMinutes);
  const instanceId = await launch(ec2, request, template, environment, seed, expiresAt);
  if (instanceId !== REPEATED) {
    log('launched', { instanceId, purpose: request.purpose, requestId: request.requestId, expiresAt });
    return settle(instanceId, expiresAt, request, opening);
  }
  const twin = (await look(opening, (seen) => liveOf(request, seen).length > 0)).filter(isLive);
  const [oldest] = liveOf(request, twin);
  return oldest === undefined ? undefined : existing(oldest, request, opening);
}

const liveOf = (request: BoxRequest, seen: readonly StackInstance[]): StackInstance[] =>
  seen.filter((instance) => isLive(instance) && instance.requestId === request.requestId).sort(byAge);

/** Lists the stack's instances until the list holds what is looked for, or patience ends. */
async function look(
  opening: Opening,
  found: (seen: readonly StackInstance[]) => boolean,
): Promise<StackInstance[]> {
  let seen: StackInstance[] = [];
  for (const waitMs of LOOKS_MS) {
    if (waitMs > 0) await opening.clock.sleep(waitMs);
    seen = await ownInstances(opening);
    if (found(seen)) break;
  }
  return seen;
}

/**
 * Looks once more after a launch, because two calls at the same moment both saw room, or both saw no box of the request.
 * All of them see one order by age: the box that came too late is ended by the call that launched it.
 */
async function settle(
  instanceId: string,
  expiresAt: string,
  request: BoxRequest,
  opening: Opening,
): Promise<BoxResult> {
  const { purpose, requestId } = request;
  const isOurs = (instance: StackInstance): boolean => instance.instanceId === instanceId;
  const seen = await look(opening, (instances) => instances.some(isOurs));
  const ours = seen.find(isOurs);
  if (ours !== undefined && !isLive(ours)) {
    throw new LaunchFailed(
      `${instanceId} was launched and ended at once: ${ours.stateReason ?? 'EC2 gives no reason'}. Nothing is left running.`,
    );
  }
  // Still invisible: what EC2 answered to the launch is all there is to know.
  if (ours === undefined) {
    return boxResult(
      { ...unseen(instanceId), state: 'pending', purpose, requestId },
      expiresAt,
      false,
      opening.environment,
    );
  }
  const [oldest] = liveOf(request, seen);
  if (oldest !== undefined && oldest.instanceId !== instanceId) {
    await withdraw(instanceId, 'another call with the same requestId was first', opening);
    return existing(oldest, request, opening);
  }
  const older = seen.filter((instance) => isLive(instance) && byAge(instance, ours) < 0).filter(isBox);
  if (older.length >= opening.environment.maxBoxes) {
    await withdraw(instanceId, 'other calls at the same moment took the last places', opening);
    refuseOneMore(older, opening);
  }
  return boxResult({ ...ours, purpose, requestId }, expiresAt, false, opening.environment);
}

/** Ends a box that came too late. Where that fails, the caller is told of the box, which then lives until its expiry. */
async function withdraw(instanceId: string, why: string, { ec2 }: Opening): Promise<void> {
  log('withdrawn', { instanceId, why });
  try {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
  } catch (error) {
    throw new LaunchFailed(
      `${instanceId} was launched, but ${why}, and it could not be ended (${reasonOf(error)}). ` +
        `End it with the destroy function, event {"instanceId": "${instanceId}"}.`,
      { cause: error },
    );
  }
}
