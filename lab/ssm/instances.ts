import { AwsFault } from '../endpoint/fault';
import type { Box } from '../ec2/box';
import type { Boxes } from '../ec2/boxes';
import { pageOf } from './paging';

/** What DescribeInstanceInformation says of one instance. */
export interface InstanceInformation {
  readonly InstanceId: string;
  readonly PingStatus: 'Online' | 'ConnectionLost';
  readonly LastPingDateTime: number;
  readonly RegistrationDate: number;
  readonly AgentVersion: string;
  readonly IsLatestVersion: boolean;
  readonly PlatformType: string;
  readonly PlatformName: string;
  readonly PlatformVersion: string;
  readonly ResourceType: string;
  readonly IPAddress: string;
  readonly ComputerName: string;
}

interface Filter {
  readonly key: string;
  readonly values: readonly string[];
}

type Input = Readonly<Record<string, unknown>>;

/** Both spellings of the API: `Filters` with Key and Values, and the older `InstanceInformationFilterList`. */
function filtersOf(input: Input): Filter[] {
  const newer = (input.Filters ?? []) as readonly { Key: string; Values: readonly string[] }[];
  const older = (input.InstanceInformationFilterList ?? []) as readonly {
    key: string;
    valueSet: readonly string[];
  }[];
  return [
    ...newer.map(({ Key, Values }) => ({ key: Key, values: Values })),
    ...older.map(({ key, valueSet }) => ({ key, values: valueSet })),
  ];
}

/** Version of the agent that Amazon Linux 2023 ships. */
const AGENT_VERSION = '3.3.4108.0';

async function describe(box: Box): Promise<InstanceInformation> {
  const { privateDnsName, privateIp } = await box.records.describe();
  const registered = (box.registeredAt ?? Date.now()) / 1000;
  return {
    InstanceId: box.options.instanceId,
    PingStatus: box.isOnline ? 'Online' : 'ConnectionLost',
    LastPingDateTime: box.isOnline ? Date.now() / 1000 : registered,
    RegistrationDate: registered,
    AgentVersion: AGENT_VERSION,
    IsLatestVersion: true,
    PlatformType: 'Linux',
    PlatformName: 'Amazon Linux',
    PlatformVersion: '2023',
    ResourceType: 'EC2Instance',
    IPAddress: privateIp,
    ComputerName: privateDnsName,
  };
}

async function matches(
  box: Box,
  information: InstanceInformation,
  { key, values }: Filter,
): Promise<boolean> {
  if (key === 'PingStatus') return values.includes(information.PingStatus);
  if (key === 'PlatformTypes') return values.includes(information.PlatformType);
  if (key === 'ResourceType') return values.includes(information.ResourceType);
  if (key === 'AgentVersion') return values.includes(information.AgentVersion);
  if (key === 'tag-key') return Object.keys(await box.records.tags()).some((tag) => values.includes(tag));
  if (key.startsWith('tag:')) return values.includes((await box.records.tags())[key.slice(4)] ?? '');
  throw new AwsFault('InvalidFilterKey', `The lab does not know the filter key "${key}".`);
}

/**
 * DescribeInstanceInformation: instances whose agent has registered. A terminated instance stays for a while, as lost.
 * Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstanceInformation.html.
 */
export async function describeInstanceInformation(
  boxes: Boxes,
  region: string,
  input: Input,
): Promise<unknown> {
  const all = filtersOf(input);
  // First, since each of a hundred boxes that are gone would otherwise be described for the one that is asked for.
  const isNamed = (id: string): boolean =>
    all.every(({ key, values }) => key !== 'InstanceIds' || values.includes(id));
  const filters = all.filter(({ key }) => key !== 'InstanceIds');
  const found: InstanceInformation[] = [];
  for (const box of boxes.all()) {
    const { instanceId, hasRole } = box.options;
    if (box.registeredAt === undefined || !hasRole || box.options.region !== region) continue;
    if (!isNamed(instanceId)) continue;
    const information = await describe(box);
    const wanted = await Promise.all(filters.map((filter) => matches(box, information, filter)));
    if (wanted.every((one) => one)) found.push(information);
  }
  const { items, NextToken } = pageOf(found, input, 50);
  return { InstanceInformationList: items, NextToken };
}

/** Instances that a call names: by id, or by targets. */
export async function targetsOf(boxes: Boxes, region: string, input: Input): Promise<string[]> {
  const ids = (input.InstanceIds ?? []) as readonly string[];
  const targets = (input.Targets ?? []) as readonly { Key: string; Values: readonly string[] }[];
  const found = new Set(ids);
  for (const { Key, Values } of targets) {
    if (Key === 'InstanceIds') for (const id of Values) found.add(id);
    else if (Key.startsWith('tag:')) {
      for (const box of boxes.all()) {
        if (!box.isOnline || box.options.region !== region) continue;
        const tags = await box.records.tags();
        if (Values.includes(tags[Key.slice(4)] ?? '')) found.add(box.options.instanceId);
      }
    } else throw new AwsFault('InvalidTarget', `The lab does not know the target key "${Key}".`);
  }
  return [...found];
}
