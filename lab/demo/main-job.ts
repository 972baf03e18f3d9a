import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostPostgres } from '../parts';
import type { RunningLab } from '../start';
import { backUpAndProve } from './backup';
import { cdk } from './cdk';
import { Cloud } from './cloud';
import { fillDatabase } from './database';
import type { Outputs } from './outputs';
import { readOutputs } from './outputs';
import type { Progress, Timeline } from './timeline';

/** Event and answer of a box that was opened. */
interface Box {
  readonly instanceId: string;
  readonly expiresAt: string;
}

async function openBox(cloud: Cloud, outputs: Outputs, event: object, progress: Progress): Promise<Box> {
  const answer = await cloud.invoke(outputs.CreateFunctionName, event);
  const box = { instanceId: String(answer.instanceId), expiresAt: String(answer.expiresAt) };
  progress(`launched ${box.instanceId}`);
  await cloud.waitOnline(box.instanceId, progress);
  return box;
}

async function closeBox(cloud: Cloud, outputs: Outputs, instanceId: string): Promise<string> {
  await cloud.invoke(outputs.DestroyFunctionName, { instanceId });
  const state = await cloud.stateOf(instanceId);
  if (state !== 'terminated')
    throw new Error(`The destroy function returned, but ${instanceId} is ${state}.`);
  return `${instanceId} is terminated`;
}

/** The settings with which the app is deployed: a PostgreSQL that this machine has, and the authority of its certificate. */
const settings = (lab: RunningLab, postgres: HostPostgres): string[] => [
  ...['-c', `engineVersion=${postgres.major}`],
  ...['-c', `databaseCa=${join(lab.directory, 'rds-ca.pem')}`],
  ...['--output', join(lab.directory, 'cdk.out')],
];

/**
 * The main job in a running lab: deploy, open a box and end it, back up, prove.
 *
 * @param postgres - the PostgreSQL of this machine; the database is deployed with its major version
 * @returns the outputs of the stack
 * @throws Error when a step did not do what it says
 */
export async function mainJob(lab: RunningLab, timeline: Timeline, postgres: HostPostgres): Promise<Outputs> {
  const cloud = new Cloud();
  const outputsFile = join(lab.directory, 'outputs.json');
  await timeline.step('Prepare the account: cdk bootstrap', async (progress) => {
    await cdk(['bootstrap', ...settings(lab, postgres)], lab.environment, progress);
    return 'the account has a bucket for assets and the roles that deploy';
  });
  await timeline.step('Stand it up: cdk deploy', async (progress) => {
    const args = ['deploy', '--require-approval', 'never', '--outputs-file', outputsFile];
    await cdk([...args, ...settings(lab, postgres)], lab.environment, progress);
    return 'network, database, bucket, boxes and functions stand';
  });
  const outputs = readOutputs(readFileSync(outputsFile, 'utf8'));
  await timeline.step('Fill the database with something worth keeping', () =>
    fillDatabase(cloud, lab, postgres, outputs),
  );
  let instanceId = '';
  await timeline.step('Open an access box: create({})', async (progress) => {
    const box = await openBox(cloud, outputs, {}, progress);
    instanceId = box.instanceId;
    return `${instanceId} is online; it ends by itself at ${box.expiresAt}`;
  });
  await timeline.step('End it: destroy', () => closeBox(cloud, outputs, instanceId));
  await timeline.step('Open a backup box: create({"purpose":"backup"})', async (progress) => {
    instanceId = (await openBox(cloud, outputs, { purpose: 'backup' }, progress)).instanceId;
    return `${instanceId} is online`;
  });
  await backUpAndProve(cloud, outputs, instanceId, timeline);
  await timeline.step('End the box: destroy', () => closeBox(cloud, outputs, instanceId));
  return outputs;
}

/** Takes the stack down and shows that no instance is left. */
export async function takeDown(lab: RunningLab, timeline: Timeline, postgres: HostPostgres): Promise<void> {
  await timeline.step('Take it down: cdk destroy', async (progress) => {
    await cdk(['destroy', '--force', ...settings(lab, postgres)], lab.environment, progress);
    const left = await new Cloud().liveInstances();
    if (left.length > 0) throw new Error(`Instances are left: ${left.join(', ')}`);
    return 'the stack is gone, no instance is left; the backups stay, as they should';
  });
}
