import { EC2Client, type Instance, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import { TAGS } from '../../contract/tags';
import { clientSettings } from '../aws/settings';
import type { Stack } from '../aws/stack';
import type { Context } from '../framework/command';

/** A box, or the jump host, as its tags tell. */
export interface ListedBox {
  readonly instanceId: string;
  /** `access`, `backup`, …, `jump-host`. */
  readonly purpose: string;
  /** EC2 state name. */
  readonly state: string;
  /** ISO 8601. */
  readonly launchedAt: string;
  /** ISO 8601; null for the jump host. */
  readonly expiresAt: string | null;
  readonly reason: string;
  /** Who asked for it, as the asker's own command line said. */
  readonly requestedBy: string;
  readonly requestId: string;
  readonly availabilityZone: string;
}

function toListed(instance: Instance): ListedBox {
  const tag = (key: string): string | undefined => instance.Tags?.find(({ Key }) => Key === key)?.Value;
  return {
    instanceId: instance.InstanceId ?? '',
    purpose: tag(TAGS.purpose) ?? 'unknown',
    state: instance.State?.Name ?? 'unknown',
    launchedAt: (instance.LaunchTime ?? new Date(0)).toISOString(),
    expiresAt: tag(TAGS.expiresAt) ?? null,
    reason: tag(TAGS.reason) ?? '',
    requestedBy: tag(TAGS.requestedBy) ?? '',
    requestId: tag(TAGS.requestId) ?? '',
    availabilityZone: instance.Placement?.AvailabilityZone ?? '',
  };
}

/** Everything that the stack has launched and that is not gone, the oldest first. */
export async function listBoxes(context: Context, stack: Stack): Promise<ListedBox[]> {
  const client = new EC2Client(clientSettings(context));
  const boxes: ListedBox[] = [];
  try {
    const pages = paginateDescribeInstances(
      { client },
      {
        Filters: [
          { Name: `tag:${TAGS.stack}`, Values: [stack.id] },
          {
            Name: 'instance-state-name',
            Values: ['pending', 'running', 'stopping', 'stopped', 'shutting-down'],
          },
        ],
      },
    );
    for await (const { Reservations = [] } of pages)
      for (const { Instances = [] } of Reservations) boxes.push(...Instances.map(toListed));
  } finally {
    client.destroy();
  }
  return boxes.sort((one, other) => one.launchedAt.localeCompare(other.launchedAt));
}
