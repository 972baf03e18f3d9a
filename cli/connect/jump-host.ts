import { AutoScalingClient, SetDesiredCapacityCommand } from '@aws-sdk/client-auto-scaling';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../contract/exit-codes';
import { JUMP_HOST } from '../../contract/tags';
import { clientSettings } from '../aws/settings';
import type { Stack } from '../aws/stack';
import { listBoxes, type ListedBox } from '../boxes/list';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import type { Progress } from '../framework/ui';

/** Milliseconds between looks, and for how long. Auto Scaling launches within seconds. */
const LOOK_MS = 1_000;
const PATIENCE_MS = 3 * 60_000;

const isUsable = ({ purpose, state }: ListedBox): boolean =>
  purpose === JUMP_HOST && (state === 'pending' || state === 'running');

/** The jump host, when there is one that runs or is about to. */
export const findJumpHost = (boxes: readonly ListedBox[]): ListedBox | undefined => boxes.find(isUsable);

/** Brings the jump host back, and waits until EC2 shows it. */
export async function bringBack(
  context: Context,
  stack: Stack,
  group: string,
  progress: Progress,
): Promise<ListedBox> {
  const client = new AutoScalingClient(clientSettings(context));
  try {
    await client.send(
      new SetDesiredCapacityCommand({
        AutoScalingGroupName: group,
        DesiredCapacity: 1,
        HonorCooldown: false,
      }),
    );
  } finally {
    client.destroy();
  }
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = findJumpHost(await listBoxes(context, stack));
    if (found !== undefined) return found;
    if (performance.now() > deadline)
      throw new Problem(
        EXIT.unavailable,
        'Auto Scaling has launched no jump host for three minutes.',
        `The activities of the group ${group} say why; \`drawbridge connect --via box\` opens a box instead.`,
      );
    progress('Auto Scaling launches it');
    await sleep(LOOK_MS, undefined, { signal: context.interrupted });
  }
}
