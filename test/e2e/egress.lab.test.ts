/** The app deploys to the lab, and is destroyed, with every way out that boxes can have, by the CDK's own command line. */
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DescribeInternetGatewaysCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Stack } from '../../lab/demo/stack';
import { hostPostgres } from '../../lab/parts';
import { type RunningLab, startLab } from '../../lab/start';

const silent = (): void => undefined;
const [postgres] = hostPostgres();

let lab: RunningLab;
let ec2: EC2Client;
let rds: RDSClient;

const stackWith = (...settings: string[]): Stack => {
  if (postgres === undefined) throw new Error('There is no PostgreSQL on this machine.');
  return new Stack(
    lab,
    postgres,
    ['jumpHost=none', ...settings].flatMap((setting) => ['-c', setting]),
  );
};

const ownVpcs = async (): Promise<string[]> => {
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
  return Vpcs.flatMap(({ VpcId = '', IsDefault }) => (IsDefault === true ? [] : [VpcId]));
};

const endpointServices = async (): Promise<string[]> => {
  const { VpcEndpoints = [] } = await ec2.send(new DescribeVpcEndpointsCommand({}));
  // A deleted one is listed for a while.
  const standing = VpcEndpoints.filter(({ State }) => String(State).toLowerCase() === 'available');
  return standing.map(({ ServiceName = '' }) => ServiceName.split('.').at(-1) ?? '').sort();
};

/** Those of the stack; the CDK keeps one of its own for assets. */
const bucketsOfStack = async (): Promise<string[]> => {
  const { Buckets = [] } = await new S3Client().send(new ListBucketsCommand({}));
  return Buckets.map(({ Name = '' }) => Name).filter((name) => name.startsWith('drawbridge-'));
};

const gateways = async (): Promise<number> => {
  const { InternetGateways = [] } = await ec2.send(new DescribeInternetGatewaysCommand({}));
  return InternetGateways.length;
};

beforeAll(async () => {
  lab = await startLab();
  Object.assign(process.env, lab.environment);
  ec2 = new EC2Client();
  rds = new RDSClient();
  await stackWith().bootstrap(silent);
}, 600_000);

afterAll(async () => {
  await lab.stop();
});

test('by a public address, then changed to endpoints only and to delete everything, with the same database', async () => {
  const own = stackWith('egress=public-ipv4');
  await own.deploy(silent);
  const { Subnets = [] } = await ec2.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: await ownVpcs() }] }),
  );
  expect(Subnets.filter(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch)).toHaveLength(2);
  expect(await gateways()).toBe(1);
  expect(await endpointServices()).toEqual(['s3']);
  const before = await rds.send(new DescribeDBInstancesCommand({}));

  const changed = stackWith('egress=endpoints', 'onDestroy=delete');
  await changed.deploy(silent);
  expect(await gateways()).toBe(0);
  expect(await endpointServices()).toEqual(['logs', 's3', 'secretsmanager', 'ssm', 'ssmmessages']);
  const after = await rds.send(new DescribeDBInstancesCommand({}));
  expect(after.DBInstances?.map(({ DbiResourceId }) => DbiResourceId)).toEqual(
    before.DBInstances?.map(({ DbiResourceId }) => DbiResourceId),
  );

  await changed.destroy(silent);
  expect(await ownVpcs()).toEqual([]);
  expect(await endpointServices()).toEqual([]);
  expect(await bucketsOfStack()).toEqual([]);
}, 900_000);

/** A VPC of somebody else's, with a database's security group, which admits an application already. */
async function someNetwork() {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
  const VpcId = Vpc?.VpcId ?? '';
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.9.0.0/24' }));
  const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
  const { VpcEndpoint } = await ec2.send(
    new CreateVpcEndpointCommand({
      VpcId,
      ServiceName: `com.amazonaws.${process.env.AWS_REGION ?? 'eu-west-1'}.s3`,
      RouteTableIds: [RouteTable?.RouteTableId ?? ''],
    }),
  );
  const { GroupId = '' } = await ec2.send(
    new CreateSecurityGroupCommand({ VpcId, GroupName: 'orders', Description: 'database' }),
  );
  await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId,
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: '10.9.0.0/24' }] },
      ],
    }),
  );
  return {
    vpcId: VpcId,
    boxSubnetIds: Subnet?.SubnetId ?? '',
    s3EndpointId: VpcEndpoint?.VpcEndpointId ?? '',
    databaseSecurityGroupId: GroupId,
  };
}

test('in a network and for a database that exist, and leaves both as they were', async () => {
  const ids = await someNetwork();
  const { ARN = '' } = await new SecretsManagerClient().send(
    new CreateSecretCommand({ Name: 'orders', SecretString: '{"username":"backup","password":"x"}' }),
  );
  const existing = { databaseHost: 'db.example.internal', databaseSecretArn: ARN };
  const settings = { ...ids, ...existing, onDestroy: 'delete' };
  const stack = stackWith(...Object.entries(settings).map(([name, value]) => `${name}=${value}`));
  const rules = async () => {
    const { SecurityGroups: [group] = [] } = await ec2.send(
      new DescribeSecurityGroupsCommand({ GroupIds: [ids.databaseSecurityGroupId] }),
    );
    return (group?.IpPermissions ?? []).flatMap(({ IpRanges = [], UserIdGroupPairs = [] }) => [
      ...IpRanges.map(({ CidrIp }) => CidrIp),
      ...UserIdGroupPairs.map(({ Description }) => Description),
    ]);
  };

  const outputs = await stack.deploy(silent);
  expect(await bucketsOfStack()).toHaveLength(1);
  expect(outputs).toMatchObject({ DatabaseEndpoint: 'db.example.internal', DatabasePort: '5432' });
  expect((await rules()).sort()).toEqual([
    '10.9.0.0/24',
    'access box to database',
    'backup box to database',
    'restore box to database',
  ]);
  const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({}));
  expect(DBInstances).toEqual([]);

  await stack.destroy(silent);
  expect(await rules()).toEqual(['10.9.0.0/24']);
  expect(await ownVpcs()).toEqual([ids.vpcId]);
  expect(await endpointServices()).toEqual(['s3']);
  expect(await bucketsOfStack()).toEqual([]);
}, 900_000);
