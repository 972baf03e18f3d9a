import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import type { BoxResult, ExtendEvent } from '../contract/events';
import { RefusedInput } from '../contract/problems';
import { formatInstant, TAGS } from '../contract/tags';
import { type Box, findInstance, isBox, isLive } from './boxes';
import { NotOurBox } from './errors';
import { expiryAfter } from './launch';
import { log } from './log';
import type { Opening } from './open';
import { boxResult } from './result';

/** Moves the expiry of a live box of this stack to `ttlMinutes` from now, within its maximum lifetime. */
export async function extendBox(event: ExtendEvent, opening: Opening): Promise<BoxResult> {
  const { ec2, environment, clock } = opening;
  const box = await liveBox(event.instanceId, opening);
  const now = clock.now();
  const latest = new Date(box.launchedAt.getTime() + environment.maxTtlMinutes * 60_000);
  if (now.getTime() + event.ttlMinutes * 60_000 > latest.getTime()) {
    const minutes = Math.max(0, Math.floor((latest.getTime() - now.getTime()) / 60_000));
    throw new RefusedInput(
      `${box.instanceId} may live until ${formatInstant(latest)} at most, ${environment.maxTtlMinutes} minutes after its ` +
        `launch; nothing was changed. ` +
        (minutes > 0 ? `Accepted now: ttlMinutes from 1 to ${minutes}.` : 'Open another box.'),
    );
  }
  const expiresAt = expiryAfter(now, event.ttlMinutes);
  await ec2.send(
    new CreateTagsCommand({
      Resources: [box.instanceId],
      Tags: [{ Key: TAGS.expiresAt, Value: expiresAt }],
    }),
  );
  log('extended', { instanceId: box.instanceId, expiresAt });
  return boxResult(box, expiresAt, true, environment);
}

async function liveBox(id: string, { ec2, environment, clock }: Opening): Promise<Box> {
  const found = await findInstance(ec2, id, clock);
  const { stackId, source } = environment;
  const isOurs = found?.stackId === stackId && (source === undefined || found.source === source);
  if (!isOurs || !isBox(found)) {
    throw new NotOurBox(`${id} is no box of this stack; nothing was changed. Open one with the event {}.`);
  }
  if (!isLive(found)) {
    throw new NotOurBox(
      `${id} is ${found.state} and cannot be extended. Open another box with the event {}.`,
    );
  }
  return found;
}
