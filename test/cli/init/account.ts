/** An imaginary account with a database in a VPC, and a file of the CDK. */
import {
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
  type RouteTable,
  type Subnet,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import { KMSClient } from '@aws-sdk/client-kms';
import {
  type DBInstance,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBSubnetGroupsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawbridge } from '../support';

export const ec2 = mockClient(EC2Client);
export const kms = mockClient(KMSClient);
export const rds = mockClient(RDSClient);
export const secrets = mockClient(SecretsManagerClient);

export const VPC = 'vpc-0123456789abcdef0';
export const S3 = 'vpce-0123456789abcdef0';
export const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-1-AbCdEf';
export const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-4def-8123-456789abcdef';
export const subnetId = (number: number): string => `subnet-0000000000000000${number}`;
export const named = (name: string, message = name): Error => Object.assign(new Error(message), { name });

export const ORDERS: DBInstance = {
  DBInstanceIdentifier: 'orders',
  Engine: 'postgres',
  EngineVersion: '17.6',
  DBName: 'shop',
  Endpoint: { Address: 'orders.c1.eu-west-1.rds.amazonaws.com', Port: 5433 },
  DBSubnetGroup: { DBSubnetGroupName: 'inner' },
  VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-0123456789abcdef0', Status: 'active' }],
  MasterUserSecret: { SecretArn: SECRET },
};
/** What init makes of it. */
export const SETTINGS = {
  vpcId: VPC,
  boxSubnetIds: [subnetId(1), subnetId(2)],
  s3EndpointId: S3,
  engine: 'postgres',
  engineVersion: '17',
  databaseName: 'shop',
  databaseHost: 'orders.c1.eu-west-1.rds.amazonaws.com',
  databasePort: 5433,
  databaseSecurityGroupId: 'sg-0123456789abcdef0',
  databaseSecretArn: SECRET,
};

export const directory = mkdtempSync(join(tmpdir(), 'drawbridge-init-'));
export const file = join(directory, 'cdk.json');

const subnet = (number: number, zone: string, more: Partial<Subnet> = {}): Subnet => ({
  SubnetId: subnetId(number),
  AvailabilityZone: zone,
  ...more,
});
export const table = (
  id: string,
  to: string | undefined,
  subnets: readonly string[],
  Main = false,
): RouteTable => ({
  RouteTableId: id,
  Routes: [
    { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local' },
    ...(to === undefined
      ? []
      : [
          {
            DestinationCidrBlock: '0.0.0.0/0',
            ...(to.startsWith('igw') ? { GatewayId: to } : { NatGatewayId: to }),
          },
        ]),
  ],
  Associations: [...subnets.map((SubnetId) => ({ SubnetId })), ...(Main ? [{ Main }] : [])],
});
export const gateway = (...RouteTableIds: string[]): VpcEndpoint => ({
  VpcEndpointId: S3,
  VpcEndpointType: 'Gateway',
  ServiceName: 'com.amazonaws.eu-west-1.s3',
  State: 'Available',
  RouteTableIds,
});
export const interfaces = (...services: string[]): VpcEndpoint[] =>
  services.map((service) => ({
    VpcEndpointId: `vpce-${service}`,
    VpcEndpointType: 'Interface',
    ServiceName: `com.amazonaws.eu-west-1.${service}`,
    State: 'Available',
    PrivateDnsEnabled: true,
  }));

/** Two private subnets, two public ones, two isolated ones. */
export function networkIs(
  endpoints: readonly VpcEndpoint[] = [gateway('rtb-private')],
  tables: readonly RouteTable[] = [
    table('rtb-private', 'nat-1', [subnetId(1), subnetId(2)]),
    table('rtb-public', 'igw-1', [subnetId(3), subnetId(4)]),
    table('rtb-main', undefined, [], true),
  ],
): void {
  ec2.on(DescribeVpcsCommand).resolves({ Vpcs: [{ VpcId: VPC, CidrBlock: '10.0.0.0/16' }] });
  // In two pages.
  ec2.on(DescribeSubnetsCommand).resolves({
    Subnets: [subnet(1, 'a'), subnet(2, 'b'), subnet(3, 'a', { MapPublicIpOnLaunch: true })],
    NextToken: 'more',
  });
  ec2
    .on(DescribeSubnetsCommand, { NextToken: 'more' })
    .resolves({ Subnets: [subnet(4, 'b'), subnet(5, 'a'), subnet(6, 'b')] });
  ec2.on(DescribeRouteTablesCommand).resolves({ RouteTables: [...tables] });
  ec2.on(DescribeVpcEndpointsCommand).resolves({ VpcEndpoints: [...endpoints] });
}

export const databaseIs = (more: Partial<DBInstance> = {}): void => {
  rds.on(DescribeDBInstancesCommand).resolves({ DBInstances: [{ ...ORDERS, ...more }] });
};

export const fileIs = (drawbridgeSettings: object): void => {
  writeFileSync(
    file,
    JSON.stringify({ app: 'x', context: { '@aws-cdk/core:flag': true, drawbridge: drawbridgeSettings } }),
  );
};
export const written = (): unknown =>
  (JSON.parse(readFileSync(file, 'utf8')) as { context: { drawbridge: unknown } }).context.drawbridge;
export const init = (...words: string[]) => drawbridge(['init', '--file', file, ...words]);

/** Mocks, file and directory as every test expects them; nothing besides the file may be left. */
export function prepare(): void {
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => {
    for (const mock of [ec2, kms, rds, secrets]) mock.reset();
    networkIs();
    databaseIs();
    rds.on(DescribeDBClustersCommand).resolves({ DBClusters: [] });
    rds
      .on(DescribeDBSubnetGroupsCommand, { DBSubnetGroupName: 'inner' })
      .resolves({ DBSubnetGroups: [{ VpcId: VPC }] });
    secrets.on(DescribeSecretCommand).resolves({ ARN: SECRET });
    fileIs({});
  });
  afterEach(() => {
    // Nothing besides the file itself is left, whatever happened.
    expect(readdirSync(directory)).toEqual(['cdk.json']);
  });
}
