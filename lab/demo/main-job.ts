import type { HostPostgres } from '../parts';
import type { RunningLab } from '../start';
import { backUpAndProve } from './backup';
import { closeBox, openBox } from './boxes';
import { Cloud } from './cloud';
import { connectFromElsewhere } from './connect';
import { fillDatabase } from './database';
import type { Outputs } from './outputs';
import { handFilesIn, INTAKE_SETTINGS } from './push';
import { Stack } from './stack';
import type { Timeline } from './timeline';

/** Orders in the sample shop: about 300,000 rows. */
const ORDERS = 80_000;

/**
 * The main job in a running lab: deploy, reach the database through a box, back up, prove, take files from a machine elsewhere.
 *
 * @returns the outputs of the stack
 * @throws Error when a step did not do what it says
 */
export async function mainJob(lab: RunningLab, timeline: Timeline, postgres: HostPostgres): Promise<Outputs> {
  const cloud = new Cloud();
  const stack = new Stack(lab, postgres, INTAKE_SETTINGS);
  await timeline.step('Prepare the account: cdk bootstrap', async (progress) => {
    await stack.bootstrap(progress);
    return 'the account has a bucket for assets and the roles that deploy';
  });
  const outputs = await timeline.step('Stand it up: cdk deploy', (progress) => stack.deploy(progress), {
    outcome: () => 'network, database, bucket, boxes and functions stand',
  });
  await timeline.step('Fill the database with something worth keeping', () =>
    fillDatabase(cloud, lab, postgres, outputs, ORDERS),
  );
  const access = await timeline.step(
    'Open an access box: create({})',
    (progress) => openBox(cloud, outputs, {}, progress),
    { outcome: (box) => `${box.instanceId} is online; it ends by itself at ${box.expiresAt}` },
  );
  await connectFromElsewhere(lab, outputs, access.instanceId, timeline);
  await timeline.step('End it: destroy', () => closeBox(cloud, outputs, access.instanceId));
  const box = await timeline.step(
    'Open a backup box: create({"purpose":"backup"})',
    (progress) => openBox(cloud, outputs, { purpose: 'backup' }, progress),
    { outcome: ({ instanceId }) => `${instanceId} is online` },
  );
  await backUpAndProve(cloud, outputs, box.instanceId, timeline);
  await timeline.step('End the box: destroy', () => closeBox(cloud, outputs, box.instanceId));
  await handFilesIn(cloud, lab, outputs, timeline);
  return outputs;
}

/** Takes the stack down and shows that no instance is left. */
export async function takeDown(lab: RunningLab, timeline: Timeline, postgres: HostPostgres): Promise<void> {
  await timeline.step('Take it down: cdk destroy', async (progress) => {
    await new Stack(lab, postgres, INTAKE_SETTINGS).destroy(progress);
    const left = await new Cloud().liveInstances();
    if (left.length > 0) throw new Error(`Instances are left: ${left.join(', ')}`);
    return 'the stack is gone, no instance is left; the backups stay, as they should';
  });
}
