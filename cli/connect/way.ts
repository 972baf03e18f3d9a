import { EXIT } from '../../contract/exit-codes';
import { JUMP_HOST } from '../../contract/tags';
import { identity } from '../aws/identity';
import { optionalOutput, type Stack } from '../aws/stack';
import { openBox } from '../boxes/create';
import { closeBox } from '../boxes/destroy';
import { listBoxes, type ListedBox } from '../boxes/list';
import { untilOnline } from '../boxes/online';
import type { Cleanup } from '../framework/cleanup';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import { bringBack, findJumpHost } from './jump-host';

/** The instance that a session goes to. */
export interface Way {
  readonly instanceId: string;
  readonly availabilityZone: string;
  /** ISO 8601; null for the jump host, which leaves when nobody uses it. */
  readonly expiresAt: string | null;
  /** This command has opened it, and closes it. */
  readonly isOurs: boolean;
}

/** What the operator says about the way. */
export interface WayOptions {
  /** This instance and no other. */
  readonly box?: string;
  readonly via?: 'jump-host' | 'box';
  /** A box that is opened stays open. */
  readonly leaveOpen?: boolean;
  readonly minutes?: number;
  readonly reason?: string;
}

const toWay = ({ instanceId, expiresAt, availabilityZone }: ListedBox, isOurs = false): Way => ({
  instanceId,
  availabilityZone,
  expiresAt,
  isOurs,
});

const isLive = ({ state }: ListedBox): boolean => state === 'pending' || state === 'running';

/** Somebody else may close a box at any moment: one's own is taken first. */
async function ownFirst(context: Context, boxes: readonly ListedBox[]): Promise<ListedBox | undefined> {
  if (boxes.length < 2) return boxes[0];
  const { arn } = await identity(context);
  return boxes.find(({ requestedBy }) => requestedBy === arn) ?? boxes[0];
}

function named(boxes: readonly ListedBox[], id: string, stack: Stack): ListedBox {
  const found = boxes.find(({ instanceId }) => instanceId === id);
  if (found !== undefined && isLive(found) && (found.purpose === 'access' || found.purpose === JUMP_HOST))
    return found;
  const what =
    found === undefined
      ? `is no box of ${stack.name}`
      : `is ${found.state}, with the purpose ${found.purpose}`;
  throw new Problem(
    EXIT.notFound,
    `${id} ${what}.`,
    '`drawbridge list` shows the boxes; without --box one is found or opened.',
  );
}

/**
 * Finds a way in, or makes one: the jump host where there is one, otherwise a box. Its agent is online when this returns.
 *
 * @param cleanup - closes what had to be opened
 */
export async function findWay(
  context: Context,
  stack: Stack,
  options: WayOptions,
  cleanup: Cleanup,
): Promise<Way> {
  const boxes = await listBoxes(context, stack);
  const group = optionalOutput(stack, 'jumpHostGroup');
  const live = boxes.filter(isLive);
  const access = live.filter(({ purpose }) => purpose === 'access');
  if (options.box !== undefined) return online(context, toWay(named(boxes, options.box, stack)), live);
  if (options.via === 'jump-host' && group === undefined)
    throw new Problem(
      EXIT.usage,
      `${stack.name} has no jump host.`,
      'Use --via box, or deploy with the setting jumpHost: on-demand.',
    );
  const jumpHost = options.via === 'box' ? undefined : findJumpHost(live);
  const box = options.via === 'jump-host' ? undefined : await ownFirst(context, access);
  const found = jumpHost ?? box;
  if (found !== undefined) return online(context, toWay(found), live);
  if (group !== undefined && options.via !== 'box') {
    const back = await context.ui.step(
      'Bringing the jump host back',
      (progress) => bringBack(context, stack, group, progress),
      ({ instanceId }) => `The jump host is ${instanceId}`,
    );
    return online(context, toWay(back), []);
  }
  return online(context, await opened(context, stack, options, cleanup), []);
}

async function opened(context: Context, stack: Stack, options: WayOptions, cleanup: Cleanup): Promise<Way> {
  const box = await context.ui.step(
    'Opening a box',
    () => openBox(context, stack, { purpose: 'access', ttlMinutes: options.minutes, reason: options.reason }),
    ({ instanceId }) => `${instanceId} is launched`,
  );
  if (options.leaveOpen !== true)
    cleanup.add(`close the box ${box.instanceId}; \`drawbridge close ${box.instanceId}\` does`, () =>
      context.ui.step(`Closing ${box.instanceId}`, () => closeBox(context, stack, box.instanceId)),
    );
  context.interrupted.throwIfAborted();
  return {
    instanceId: box.instanceId,
    availabilityZone: '',
    expiresAt: box.expiresAt,
    isOurs: options.leaveOpen !== true,
  };
}

/** A box that has run for a while is online; asking would cost a round trip, and the session itself tells. */
async function online(context: Context, way: Way, before: readonly ListedBox[]): Promise<Way> {
  const known = before.find(({ instanceId }) => instanceId === way.instanceId);
  const isSettled =
    known?.state === 'running' && Date.now() - new Date(known.launchedAt).getTime() > SETTLED_MS;
  if (!isSettled)
    await context.ui.step(
      'Waiting for its agent',
      (progress) => untilOnline(context, way.instanceId, progress),
      () => `${way.instanceId} can be reached`,
    );
  return way;
}

/** After so long an agent is online or never will be. */
const SETTLED_MS = 2 * 60_000;
