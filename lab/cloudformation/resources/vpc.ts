import {
  AssociateVpcCidrBlockCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DeleteSubnetCommand,
  DeleteTagsCommand,
  DeleteVpcCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcsCommand,
  DisassociateVpcCidrBlockCommand,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
  type EC2Client,
  type ResourceType as TagTarget,
  type TagSpecification,
} from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { resourceType, type ResourceContext, type ResourceState, type Tag } from '../resource-type';
import { allTags, bool, need, removed, tags, text } from './properties';

/** Tags in the form of EC2's create calls. */
export function tagSpecifications(
  kind: TagTarget,
  own: readonly Tag[] | undefined,
  context: ResourceContext,
): TagSpecification[] | undefined {
  const all = allTags(own, context);
  return all.length > 0 ? [{ ResourceType: kind, Tags: all }] : undefined;
}

async function readVpc(ec2: EC2Client, id: string): Promise<NonNullable<ResourceState['attributes']>> {
  const { Vpcs: [vpc] = [] } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [id] }));
  const groups = await ec2.send(
    new DescribeSecurityGroupsCommand({
      Filters: [
        { Name: 'vpc-id', Values: [id] },
        { Name: 'group-name', Values: ['default'] },
      ],
    }),
  );
  const live = (state: string | undefined): boolean => state === 'associated' || state === 'associating';
  return {
    VpcId: id,
    CidrBlock: vpc?.CidrBlock,
    CidrBlockAssociations: (vpc?.CidrBlockAssociationSet ?? []).map(({ AssociationId: one = '' }) => one),
    DefaultSecurityGroup: groups.SecurityGroups?.[0]?.GroupId,
    Ipv6CidrBlocks: (vpc?.Ipv6CidrBlockAssociationSet ?? [])
      .filter(({ Ipv6CidrBlockState: state }) => live(state?.State))
      .map(({ Ipv6CidrBlock: block = '' }) => block),
  };
}

async function setDns(ec2: EC2Client, id: string, support?: boolean, hostnames?: boolean): Promise<void> {
  if (support !== undefined)
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId: id, EnableDnsSupport: { Value: support } }));
  if (hostnames !== undefined)
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId: id, EnableDnsHostnames: { Value: hostnames } }));
}

const vpc = resourceType({
  type: 'AWS::EC2::VPC',
  properties: z.strictObject({
    CidrBlock: text,
    EnableDnsHostnames: bool.optional(),
    EnableDnsSupport: bool.optional(),
    InstanceTenancy: z.enum(['default', 'dedicated', 'host']).optional(),
    Tags: tags.optional(),
  }),
  createOnly: ['CidrBlock', 'InstanceTenancy', 'Tags'],
  async create(properties, context) {
    const { ec2 } = context.clients;
    const { CidrBlock, InstanceTenancy, Tags } = properties;
    const answer = await ec2.send(
      new CreateVpcCommand({
        CidrBlock,
        InstanceTenancy,
        TagSpecifications: tagSpecifications('vpc', Tags, context),
      }),
    );
    const id = need(answer.Vpc?.VpcId, 'VpcId');
    context.announce(id);
    await setDns(ec2, id, properties.EnableDnsSupport, properties.EnableDnsHostnames);
    return { id, attributes: await readVpc(ec2, id) };
  },
  async update(id, { EnableDnsSupport, EnableDnsHostnames }, _previous, { clients: { ec2 } }) {
    await setDns(ec2, id, EnableDnsSupport, EnableDnsHostnames);
    return { id, attributes: await readVpc(ec2, id) };
  },
  // Blocks are added to a VPC after it was made.
  read: (id, { clients: { ec2 } }) => readVpc(ec2, id),
  async delete(id, _properties, { clients: { ec2 } }) {
    await removed(ec2.send(new DeleteVpcCommand({ VpcId: id })));
  },
});

const cidrBlock = resourceType({
  type: 'AWS::EC2::VPCCidrBlock',
  properties: z.strictObject({
    VpcId: text,
    CidrBlock: text.optional(),
    AmazonProvidedIpv6CidrBlock: bool.optional(),
  }),
  async create({ VpcId, CidrBlock, AmazonProvidedIpv6CidrBlock }, { clients: { ec2 } }) {
    const answer = await ec2.send(
      new AssociateVpcCidrBlockCommand({ VpcId, CidrBlock, AmazonProvidedIpv6CidrBlock }),
    );
    const association =
      answer.Ipv6CidrBlockAssociation?.AssociationId ?? answer.CidrBlockAssociation?.AssociationId;
    const id = need(association, 'AssociationId');
    return { id, attributes: { Id: id } };
  },
  async delete(id, _properties, { clients: { ec2 } }) {
    await removed(ec2.send(new DisassociateVpcCidrBlockCommand({ AssociationId: id })));
  },
});

interface SubnetSettings {
  readonly MapPublicIpOnLaunch?: boolean | undefined;
  readonly AssignIpv6AddressOnCreation?: boolean | undefined;
}

async function setSubnet(ec2: EC2Client, SubnetId: string, settings: SubnetSettings): Promise<void> {
  const { MapPublicIpOnLaunch: map, AssignIpv6AddressOnCreation: assign } = settings;
  if (map !== undefined)
    await ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: map } }));
  if (assign !== undefined)
    await ec2.send(
      new ModifySubnetAttributeCommand({ SubnetId, AssignIpv6AddressOnCreation: { Value: assign } }),
    );
}

/** Tags change in place: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnet.html */
async function replaceTags(
  ec2: EC2Client,
  id: string,
  before: readonly Tag[],
  now: readonly Tag[],
): Promise<void> {
  const gone = before.filter(({ Key }) => !now.some((tag) => tag.Key === Key)).map(({ Key }) => ({ Key }));
  if (gone.length > 0) await ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: gone }));
  if (now.length > 0) await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [...now] }));
}

const subnetAttributes = (
  id: string,
  properties: { VpcId: string; CidrBlock?: string | undefined; Ipv6CidrBlock?: string | undefined },
  zone: string | undefined,
): NonNullable<ResourceState['attributes']> => ({
  SubnetId: id,
  VpcId: properties.VpcId,
  CidrBlock: properties.CidrBlock,
  AvailabilityZone: zone,
  Ipv6CidrBlocks: properties.Ipv6CidrBlock === undefined ? [] : [properties.Ipv6CidrBlock],
});

const subnet = resourceType({
  type: 'AWS::EC2::Subnet',
  properties: z.strictObject({
    VpcId: text,
    CidrBlock: text.optional(),
    Ipv6CidrBlock: text.optional(),
    AvailabilityZone: text.optional(),
    MapPublicIpOnLaunch: bool.optional(),
    AssignIpv6AddressOnCreation: bool.optional(),
    Tags: tags.optional(),
  }),
  createOnly: ['VpcId', 'CidrBlock', 'Ipv6CidrBlock', 'AvailabilityZone'],
  async create(properties, context) {
    const { VpcId, CidrBlock, Ipv6CidrBlock, AvailabilityZone, Tags } = properties;
    const { ec2 } = context.clients;
    const TagSpecifications = tagSpecifications('subnet', Tags, context);
    const answer = await ec2.send(
      new CreateSubnetCommand({ VpcId, CidrBlock, Ipv6CidrBlock, AvailabilityZone, TagSpecifications }),
    );
    const id = need(answer.Subnet?.SubnetId, 'SubnetId');
    context.announce(id);
    await setSubnet(ec2, id, properties);
    return { id, attributes: subnetAttributes(id, properties, answer.Subnet?.AvailabilityZone) };
  },
  async update(id, properties, previous, context) {
    const { ec2 } = context.clients;
    await setSubnet(ec2, id, properties);
    await replaceTags(ec2, id, previous.Tags ?? [], allTags(properties.Tags, context));
    return { id, attributes: subnetAttributes(id, properties, properties.AvailabilityZone) };
  },
  async delete(id, _properties, { clients: { ec2 } }) {
    await removed(ec2.send(new DeleteSubnetCommand({ SubnetId: id })));
  },
});

/** VPCs, their blocks and subnets. */
export const VPC_TYPES = [vpc, cidrBlock, subnet];
