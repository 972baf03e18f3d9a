import type { Cloud } from './cloud';
import type { Outputs } from './outputs';
import type { Progress } from './timeline';

/** A box that was opened. */
export interface OpenBox {
  readonly instanceId: string;
  readonly expiresAt: string;
}

/** Opens a box by the create function and waits until its agent is online. */
export async function openBox(
  cloud: Cloud,
  outputs: Pick<Outputs, 'CreateFunctionName'>,
  event: object,
  progress: Progress,
): Promise<OpenBox> {
  const answer = await cloud.invoke(outputs.CreateFunctionName, event);
  const box = { instanceId: String(answer.instanceId), expiresAt: String(answer.expiresAt) };
  progress(`launched ${box.instanceId}`);
  await cloud.waitOnline(box.instanceId, progress);
  return box;
}

/**
 * Ends a box by the destroy function.
 *
 * @throws Error when the function returned although the box is not terminated
 */
export async function closeBox(cloud: Cloud, outputs: Outputs, instanceId: string): Promise<string> {
  await cloud.invoke(outputs.DestroyFunctionName, { instanceId });
  const state = await cloud.stateOf(instanceId);
  if (state === 'terminated') return `${instanceId} is terminated`;
  throw new Error(`The destroy function returned, but ${instanceId} is ${state}.`);
}
