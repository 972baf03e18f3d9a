import {
  type EC2Client,
  paginateDescribeRouteTables,
  paginateDescribeSubnets,
  paginateDescribeVpcEndpoints,
  type RouteTable,
  type Subnet,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import { EXIT } from '../../contract/exit-codes';
import { Problem } from '../framework/problem';

/** What boxes need besides S3: https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html */
const AGENT_SERVICES = ['ssm', 'ssmmessages', 'secretsmanager'];

/** How a subnet reaches AWS, the best first. */
const WAYS = ['private', 'endpoints', 'public'] as const;

/** A subnet, and how what stands in it reaches AWS; undefined where it cannot. */
interface Place {
  readonly id: string;
  readonly zone: string;
  readonly routeTableId: string;
  readonly way: (typeof WAYS)[number] | undefined;
  /** Reachable from the internet, as far as addresses go. */
  readonly isPublic: boolean;
}

/** Settings of a VPC that exists. */
export interface NetworkSettings {
  readonly vpcId: string;
  readonly boxSubnetIds: readonly string[];
  readonly s3EndpointId: string;
}

/** What a VPC has. */
export interface Surveyed {
  readonly vpcId: string;
  readonly region: string;
  readonly places: readonly Place[];
  /** Gateway endpoints for S3. */
  readonly s3Endpoints: readonly { readonly id: string; readonly routeTableIds: readonly string[] }[];
}

/** All items of all pages. */
async function all<Page, T>(
  pages: AsyncIterable<Page>,
  items: (page: Page) => T[] | undefined,
): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pages) found.push(...(items(page) ?? []));
  return found;
}

const serviceOf = ({ ServiceName = '' }: VpcEndpoint): string => ServiceName.split('.').at(-1) ?? '';
const isAvailable = ({ State }: VpcEndpoint): boolean => String(State).toLowerCase() === 'available';

function tableOf(subnetId: string, tables: readonly RouteTable[]): RouteTable | undefined {
  const has = (test: (one: { SubnetId?: string | undefined; Main?: boolean | undefined }) => boolean) =>
    tables.find(({ Associations = [] }) => Associations.some(test));
  return has(({ SubnetId }) => SubnetId === subnetId) ?? has(({ Main }) => Main === true);
}

function placeOf(subnet: Subnet, tables: readonly RouteTable[], hasEndpoints: boolean): Place {
  const { SubnetId: id = '', AvailabilityZone: zone = '', MapPublicIpOnLaunch } = subnet;
  const table = tableOf(id, tables);
  const out = table?.Routes?.find(
    ({ DestinationCidrBlock, State }) => DestinationCidrBlock === '0.0.0.0/0' && State !== 'blackhole',
  );
  const isPublic = out?.GatewayId?.startsWith('igw-') ?? false;
  // Through an internet gateway only what has a public address gets out, and boxes have what their subnet gives.
  const byInternet = isPublic
    ? MapPublicIpOnLaunch === true
      ? ('public' as const)
      : undefined
    : ('private' as const);
  const way = out === undefined ? undefined : byInternet;
  return {
    id,
    zone,
    routeTableId: table?.RouteTableId ?? '',
    way: way ?? (hasEndpoints ? 'endpoints' : undefined),
    isPublic,
  };
}

/** Reads subnets, routes and endpoints of a VPC. */
export async function survey(client: EC2Client, vpcId: string): Promise<Surveyed> {
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const subnets = await all(paginateDescribeSubnets({ client }, { Filters }), ({ Subnets }) => Subnets);
  const tables = await all(
    paginateDescribeRouteTables({ client }, { Filters }),
    ({ RouteTables }) => RouteTables,
  );
  const endpoints = (
    await all(paginateDescribeVpcEndpoints({ client }, { Filters }), ({ VpcEndpoints }) => VpcEndpoints)
  ).filter(isAvailable);
  const interfaces = endpoints.filter(
    ({ VpcEndpointType, PrivateDnsEnabled }) => VpcEndpointType === 'Interface' && PrivateDnsEnabled === true,
  );
  const hasEndpoints = AGENT_SERVICES.every((service) =>
    interfaces.some((one) => serviceOf(one) === service),
  );
  return {
    vpcId,
    region: await client.config.region(),
    places: subnets.map((subnet) => placeOf(subnet, tables, hasEndpoints)),
    s3Endpoints: endpoints
      .filter((one) => one.VpcEndpointType === 'Gateway' && serviceOf(one) === 's3')
      .map(({ VpcEndpointId: id = '', RouteTableIds = [] }) => ({ id, routeTableIds: RouteTableIds })),
  };
}

/** Subnets for boxes: those with the best way out, as many as one S3 endpoint serves. */
export function boxPlaces({ vpcId, region, places, s3Endpoints }: Surveyed): NetworkSettings {
  const open = places.filter(({ way }) => way !== undefined);
  if (open.length === 0)
    throw new Problem(
      EXIT.notFound,
      `No subnet of ${vpcId} has a way out to AWS for boxes: a NAT gateway, an internet gateway with public addresses, or interface endpoints for ${AGENT_SERVICES.join(', ')}.`,
      'Add one of them, or leave vpcId out and let the stack make a VPC of its own.',
    );
  for (const way of WAYS) {
    const served = s3Endpoints
      .map(({ id, routeTableIds }) => ({
        id,
        subnets: open.filter((place) => place.way === way && routeTableIds.includes(place.routeTableId)),
      }))
      .sort((a, b) => b.subnets.length - a.subnets.length)[0];
    if (served !== undefined && served.subnets.length > 0)
      return { vpcId, boxSubnetIds: served.subnets.map(({ id }) => id).sort(), s3EndpointId: served.id };
  }
  const tables = [...new Set(open.map(({ routeTableId }) => routeTableId))].join(' ');
  throw new Problem(
    EXIT.notFound,
    `No S3 gateway endpoint serves the subnets of ${vpcId} that have a way out to AWS.`,
    `Make one, which costs nothing: aws ec2 create-vpc-endpoint --vpc-id ${vpcId} --service-name com.amazonaws.${region}.s3 --route-table-ids ${tables}`,
  );
}

/** Subnets for a database of our own: not public, in two zones. */
export function databasePlaces({ vpcId, places }: Surveyed): string[] {
  const inside = places.filter(({ isPublic }) => !isPublic);
  if (new Set(inside.map(({ zone }) => zone)).size < 2)
    throw new Problem(
      EXIT.notFound,
      `${vpcId} has no subnets in two zones that are closed to the internet, which a database of RDS needs.`,
      'Add some, or choose another VPC.',
    );
  return inside.map(({ id }) => id).sort();
}
