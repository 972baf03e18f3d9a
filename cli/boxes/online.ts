import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../contract/exit-codes';
import { clientSettings } from '../aws/settings';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import type { Progress } from '../framework/ui';

/** Milliseconds between looks, and for how long: a fresh box is online after about 20 seconds, a bad day takes minutes. */
const LOOK_MS = 1_000;
const PATIENCE_MS = 5 * 60_000;

/** EC2's name for the state of one instance; `unknown` where EC2 does not show it yet. */
export async function stateOf(ec2: EC2Client, instanceId: string, signal?: AbortSignal): Promise<string> {
  try {
    const { Reservations = [] } = await ec2.send(
      new DescribeInstancesCommand({ InstanceIds: [instanceId] }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    return Reservations[0]?.Instances?.[0]?.State?.Name ?? 'unknown';
  } catch (error) {
    // EC2 is eventually consistent: right after a launch it may not know the instance.
    if (error instanceof Error && error.name === 'InvalidInstanceID.NotFound') return 'unknown';
    throw error;
  }
}

/** What the agent of one instance says of itself; undefined when it has never been heard of. */
export async function agentOf(
  ssm: SSMClient,
  instanceId: string,
  signal?: AbortSignal,
): Promise<{ readonly status: string; readonly version: string } | undefined> {
  const { InstanceInformationList: [found] = [] } = await ssm.send(
    new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [instanceId] }] }),
    signal === undefined ? {} : { abortSignal: signal },
  );
  return found && { status: found.PingStatus ?? 'unknown', version: found.AgentVersion ?? '' };
}

/**
 * Waits until the agent of an instance is online.
 *
 * @throws Problem when the instance ends meanwhile, or the agent stays away for five minutes
 */
export async function untilOnline(context: Context, instanceId: string, progress: Progress): Promise<void> {
  const [ec2, ssm] = [new EC2Client(clientSettings(context)), new SSMClient(clientSettings(context))];
  const deadline = performance.now() + PATIENCE_MS;
  try {
    for (;;) {
      const [state, agent] = await Promise.all([
        stateOf(ec2, instanceId, context.interrupted),
        agentOf(ssm, instanceId, context.interrupted),
      ]);
      if (agent?.status === 'Online') return;
      if (!['unknown', 'pending', 'running'].includes(state)) throw ended(instanceId, state);
      if (performance.now() > deadline) throw silent(instanceId);
      progress(state === 'running' ? 'it runs, its agent is not online yet' : 'EC2 is starting it');
      await sleep(LOOK_MS, undefined, { signal: context.interrupted });
    }
  } finally {
    ec2.destroy();
    ssm.destroy();
  }
}

const ended = (instanceId: string, state: string): Problem =>
  new Problem(
    EXIT.unavailable,
    `${instanceId} is ${state}: it ended before it could be reached.`,
    'Try again; `drawbridge list` shows what runs.',
  );

const silent = (instanceId: string): Problem =>
  new Problem(
    EXIT.unavailable,
    `The agent of ${instanceId} has not come online for five minutes.`,
    '`drawbridge doctor` looks for the cause; `drawbridge close` ends the box.',
  );
