import {
  DescribeInstancesCommand,
  DescribeInternetGatewaysCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { DescribeDBInstancesCommand, DescribeDBSubnetGroupsCommand, RDSClient } from '@aws-sdk/client-rds';
import type { LabContext } from '../context';
import type { AwsCall, Extension, Interceptor } from '../endpoint/extension';
import { AwsFault } from '../endpoint/fault';

/** A terminated instance holds on to nothing. */
const HOLDING = ['pending', 'running', 'shutting-down', 'stopping', 'stopped'];

/** Looks for what still stands in the way of a deletion; the names of the holders. */
type Search = (
  id: string,
  clients: { readonly ec2: EC2Client; readonly rds: RDSClient },
) => Promise<string[]>;

async function instances(ec2: EC2Client, filter: string, id: string): Promise<string[]> {
  const { Reservations = [] } = await ec2.send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: filter, Values: [id] },
        { Name: 'instance-state-name', Values: HOLDING },
      ],
    }),
  );
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId = '' }) => InstanceId));
}

const ofSubnet: Search = async (id, { ec2, rds }) => {
  const { DBSubnetGroups = [] } = await rds.send(new DescribeDBSubnetGroupsCommand({}));
  const groups = DBSubnetGroups.filter(({ Subnets = [] }) =>
    Subnets.some((one) => one.SubnetIdentifier === id),
  );
  const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({}));
  const databases = DBInstances.filter(({ DBSubnetGroup: group }) =>
    groups.some(({ DBSubnetGroupName: name }) => name === group?.DBSubnetGroupName),
  );
  return [
    ...(await instances(ec2, 'subnet-id', id)),
    ...databases.map(({ DBInstanceIdentifier = '' }) => DBInstanceIdentifier),
  ];
};

const ofSecurityGroup: Search = async (id, { ec2, rds }) => {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const users = SecurityGroups.filter(
    ({ GroupId, IpPermissions = [], IpPermissionsEgress = [] }) =>
      GroupId !== id &&
      [...IpPermissions, ...IpPermissionsEgress].some(({ UserIdGroupPairs = [] }) =>
        UserIdGroupPairs.some((pair) => pair.GroupId === id),
      ),
  );
  const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({}));
  const databases = DBInstances.filter(({ VpcSecurityGroups = [] }) =>
    VpcSecurityGroups.some(({ VpcSecurityGroupId }) => VpcSecurityGroupId === id),
  );
  return [
    ...(await instances(ec2, 'instance.group-id', id)),
    ...users.map(({ GroupId = '' }) => GroupId),
    ...databases.map(({ DBInstanceIdentifier = '' }) => DBInstanceIdentifier),
  ];
};

// The emulator itself looks for subnets and route tables.
const ofVpc: Search = async (id, { ec2 }) => {
  const { InternetGateways = [] } = await ec2.send(
    new DescribeInternetGatewaysCommand({ Filters: [{ Name: 'attachment.vpc-id', Values: [id] }] }),
  );
  const { SecurityGroups = [] } = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'vpc-id', Values: [id] }] }),
  );
  const groups = SecurityGroups.filter(({ GroupName }) => GroupName !== 'default');
  return [
    ...InternetGateways.map(({ InternetGatewayId = '' }) => InternetGatewayId),
    ...groups.map(({ GroupId = '' }) => GroupId),
  ];
};

/**
 * Networks cannot be deleted from under what stands in them: subnets and security groups of instances and databases,
 * groups that others refer to, VPCs with a gateway or a group. The emulator would delete them.
 * Source: `DependencyViolation` in https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
export function vpcExtension(context: LabContext): Extension {
  const refuseIfHeld =
    (parameter: string, noun: string, search: Search): Interceptor =>
    async (call: AwsCall, forward) => {
      const id = String(call.input[parameter]);
      // Through the lab's endpoint, since instances and databases are its own.
      const access = {
        endpoint: context.endpoint,
        region: call.region,
        credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
      };
      const holders = await search(id, { ec2: new EC2Client(access), rds: new RDSClient(access) });
      if (holders.length === 0) return forward(call);
      context.log(`${call.operation} ${id} refused: ${holders.join(', ')}`);
      throw new AwsFault(
        'DependencyViolation',
        `The ${noun} '${id}' has dependencies and cannot be deleted.`,
      );
    };
  return {
    service: 'ec2',
    operations: {
      DeleteSubnet: refuseIfHeld('SubnetId', 'subnet', ofSubnet),
      DeleteSecurityGroup: refuseIfHeld('GroupId', 'resource', ofSecurityGroup),
      DeleteVpc: refuseIfHeld('VpcId', 'vpc', ofVpc),
    },
  };
}
