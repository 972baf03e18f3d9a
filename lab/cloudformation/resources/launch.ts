import {
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  UpdateAutoScalingGroupCommand,
  type CreateAutoScalingGroupType,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateFlowLogsCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateVpcEndpointCommand,
  DeleteFlowLogsCommand,
  DeleteLaunchTemplateCommand,
  DeleteVpcEndpointsCommand,
  DescribeVpcEndpointsCommand,
  ModifyVpcEndpointCommand,
  type RequestLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { resourceType, type ResourceContext } from '../resource-type';
import { allTags, bool, document, integer, need, removed, tags, text, texts, without } from './properties';
import { tagSpecifications } from './vpc';

const tagSpecification = z.array(z.strictObject({ ResourceType: text, Tags: tags }));

const launchTemplateData = z.strictObject({
  BlockDeviceMappings: z
    .array(
      z.strictObject({
        DeviceName: text,
        Ebs: z.strictObject({
          DeleteOnTermination: bool.optional(),
          Encrypted: bool.optional(),
          Iops: integer.optional(),
          KmsKeyId: text.optional(),
          Throughput: integer.optional(),
          VolumeSize: integer.optional(),
          VolumeType: text.optional(),
        }),
      }),
    )
    .optional(),
  IamInstanceProfile: z.strictObject({ Arn: text.optional(), Name: text.optional() }).optional(),
  ImageId: text.optional(),
  InstanceInitiatedShutdownBehavior: z.enum(['stop', 'terminate']).optional(),
  InstanceType: text.optional(),
  MetadataOptions: z
    .strictObject({
      HttpEndpoint: text.optional(),
      HttpProtocolIpv6: text.optional(),
      HttpPutResponseHopLimit: integer.optional(),
      HttpTokens: z.enum(['optional', 'required']).optional(),
      InstanceMetadataTags: z.enum(['enabled', 'disabled']).optional(),
    })
    .optional(),
  Monitoring: z.strictObject({ Enabled: bool }).optional(),
  NetworkInterfaces: z
    .array(
      z.strictObject({
        AssociatePublicIpAddress: bool.optional(),
        DeleteOnTermination: bool.optional(),
        DeviceIndex: integer.optional(),
        Groups: texts.optional(),
        Ipv6AddressCount: integer.optional(),
        SubnetId: text.optional(),
      }),
    )
    .optional(),
  SecurityGroupIds: texts.optional(),
  TagSpecifications: tagSpecification.optional(),
  UserData: text.optional(),
});

// CloudFormation and the API name and nest these alike; enumerations are checked by the API.
const dataOf = (data: z.output<typeof launchTemplateData>): RequestLaunchTemplateData =>
  data as RequestLaunchTemplateData;

const launchTemplate = resourceType({
  type: 'AWS::EC2::LaunchTemplate',
  properties: z.strictObject({
    LaunchTemplateName: text.optional(),
    LaunchTemplateData: launchTemplateData,
    TagSpecifications: tagSpecification.optional(),
    VersionDescription: text.optional(),
  }),
  createOnly: ['LaunchTemplateName', 'TagSpecifications'],
  async create({ LaunchTemplateName, LaunchTemplateData, TagSpecifications, VersionDescription }, context) {
    const own = TagSpecifications?.find(({ ResourceType: kind }) => kind === 'launch-template')?.Tags;
    const answer = await context.clients.ec2.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: LaunchTemplateName ?? context.name(128),
        LaunchTemplateData: dataOf(LaunchTemplateData),
        VersionDescription,
        TagSpecifications: tagSpecifications('launch-template', own, context),
      }),
    );
    const id = need(answer.LaunchTemplate?.LaunchTemplateId, 'LaunchTemplateId');
    return { id, attributes: { LaunchTemplateId: id, LatestVersionNumber: '1', DefaultVersionNumber: '1' } };
  },
  async update(id, { LaunchTemplateData, VersionDescription }, _previous, { clients: { ec2 } }) {
    const answer = await ec2.send(
      new CreateLaunchTemplateVersionCommand({
        LaunchTemplateId: id,
        LaunchTemplateData: dataOf(LaunchTemplateData),
        VersionDescription,
      }),
    );
    const latest = need(answer.LaunchTemplateVersion?.VersionNumber, 'VersionNumber');
    return {
      id,
      attributes: { LaunchTemplateId: id, LatestVersionNumber: String(latest), DefaultVersionNumber: '1' },
    };
  },
  async delete(id, _properties, { clients: { ec2 } }) {
    await removed(ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: id })));
  },
});

async function endpointState(
  id: string,
  { clients: { ec2 } }: ResourceContext,
): Promise<{ id: string; attributes: Record<string, string | string[]> }> {
  const { VpcEndpoints: [found] = [] } = await ec2.send(
    new DescribeVpcEndpointsCommand({ VpcEndpointIds: [id] }),
  );
  const names = (found?.DnsEntries ?? []).map(
    ({ HostedZoneId, DnsName = '' }) => `${HostedZoneId ?? ''}:${DnsName}`,
  );
  return {
    id,
    attributes: { Id: id, DnsEntries: names, NetworkInterfaceIds: found?.NetworkInterfaceIds ?? [] },
  };
}

const vpcEndpoint = resourceType({
  type: 'AWS::EC2::VPCEndpoint',
  properties: z.strictObject({
    VpcId: text,
    ServiceName: text,
    VpcEndpointType: z.enum(['Gateway', 'Interface']).optional(),
    RouteTableIds: texts.optional(),
    SubnetIds: texts.optional(),
    SecurityGroupIds: texts.optional(),
    PolicyDocument: document.optional(),
    PrivateDnsEnabled: bool.optional(),
    IpAddressType: z.enum(['ipv4', 'ipv6', 'dualstack']).optional(),
    DnsOptions: z
      .strictObject({ DnsRecordIpType: z.enum(['ipv4', 'ipv6', 'dualstack', 'service-defined']).optional() })
      .optional(),
    Tags: tags.optional(),
  }),
  createOnly: [
    'VpcId',
    'ServiceName',
    'VpcEndpointType',
    'RouteTableIds',
    'SubnetIds',
    'SecurityGroupIds',
    'Tags',
  ],
  async create({ Tags, ...properties }, context) {
    const TagSpecifications = tagSpecifications('vpc-endpoint', Tags, context);
    const answer = await context.clients.ec2.send(
      new CreateVpcEndpointCommand({ ...properties, TagSpecifications }),
    );
    return endpointState(need(answer.VpcEndpoint?.VpcEndpointId, 'VpcEndpointId'), context);
  },
  async update(id, { PolicyDocument, PrivateDnsEnabled, IpAddressType, DnsOptions }, _previous, context) {
    await context.clients.ec2.send(
      new ModifyVpcEndpointCommand({
        VpcEndpointId: id,
        PolicyDocument,
        PrivateDnsEnabled,
        IpAddressType,
        DnsOptions,
      }),
    );
    return endpointState(id, context);
  },
  async delete(id, _properties, { clients: { ec2 } }) {
    await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] }));
  },
});

const flowLog = resourceType({
  type: 'AWS::EC2::FlowLog',
  properties: z.strictObject({
    ResourceId: text,
    ResourceType: z.enum(['VPC', 'Subnet', 'NetworkInterface']),
    TrafficType: z.enum(['ACCEPT', 'REJECT', 'ALL']).optional(),
    LogDestinationType: z.enum(['cloud-watch-logs', 's3']).optional(),
    LogDestination: text.optional(),
    LogGroupName: text.optional(),
    LogFormat: text.optional(),
    DeliverLogsPermissionArn: text.optional(),
    MaxAggregationInterval: integer.optional(),
    Tags: tags.optional(),
  }),
  async create({ ResourceId, Tags, ...properties }, context) {
    const answer = await context.clients.ec2.send(
      new CreateFlowLogsCommand({
        ...properties,
        ResourceIds: [ResourceId],
        TagSpecifications: tagSpecifications('vpc-flow-log', Tags, context),
      }),
    );
    const [problem] = answer.Unsuccessful ?? [];
    if (problem !== undefined) throw new Error(problem.Error?.Message ?? 'the flow log was refused');
    const id = need(answer.FlowLogIds?.[0], 'FlowLogId');
    return { id, attributes: { Id: id } };
  },
  async delete(id, _properties, { clients: { ec2 } }) {
    await removed(ec2.send(new DeleteFlowLogsCommand({ FlowLogIds: [id] })));
  },
});

const groupProperties = z.strictObject({
  AutoScalingGroupName: text.optional(),
  LaunchTemplate: z.strictObject({ LaunchTemplateId: text, Version: text }),
  MinSize: integer,
  MaxSize: integer,
  DesiredCapacity: integer.optional(),
  DefaultInstanceWarmup: integer.optional(),
  HealthCheckGracePeriod: integer.optional(),
  HealthCheckType: text.optional(),
  MaxInstanceLifetime: integer.optional(),
  NewInstancesProtectedFromScaleIn: bool.optional(),
  VPCZoneIdentifier: texts,
  Tags: z.array(z.strictObject({ Key: text, Value: text, PropagateAtLaunch: bool })).optional(),
});

function groupInput(name: string, properties: z.output<typeof groupProperties>): CreateAutoScalingGroupType {
  const VPCZoneIdentifier = properties.VPCZoneIdentifier.join(',');
  return { ...without(properties, 'Tags'), AutoScalingGroupName: name, VPCZoneIdentifier };
}

/** Deleting a group with instances takes until they are terminated. */
const GROUP_PATIENCE_MS = 300_000;

const autoScalingGroup = resourceType({
  type: 'AWS::AutoScaling::AutoScalingGroup',
  properties: groupProperties,
  createOnly: ['AutoScalingGroupName', 'Tags'],
  updatePolicies: ['AutoScalingScheduledAction'],
  async create(properties, context) {
    const name = properties.AutoScalingGroupName ?? context.name(255);
    const own = (properties.Tags ?? []).map((tag) => ({
      ...tag,
      ResourceId: name,
      ResourceType: 'auto-scaling-group',
    }));
    const inherited = allTags([], context)
      .filter(({ Key }) => !own.some((tag) => tag.Key === Key))
      .map((tag) => ({
        ...tag,
        PropagateAtLaunch: true,
        ResourceId: name,
        ResourceType: 'auto-scaling-group',
      }));
    const input = { ...groupInput(name, properties), Tags: [...inherited, ...own] };
    await context.clients.autoScaling.send(new CreateAutoScalingGroupCommand(input));
    return { id: name, attributes: {} };
  },
  async update(id, properties, _previous, { clients: { autoScaling } }) {
    await autoScaling.send(new UpdateAutoScalingGroupCommand(groupInput(id, properties)));
    return { id, attributes: {} };
  },
  async delete(id, _properties, { clients: { autoScaling } }) {
    await removed(
      autoScaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: id, ForceDelete: true })),
    );
    const end = Date.now() + GROUP_PATIENCE_MS;
    for (;;) {
      const names = { AutoScalingGroupNames: [id] };
      const { AutoScalingGroups: found = [] } = await autoScaling.send(
        new DescribeAutoScalingGroupsCommand(names),
      );
      if (found.length === 0) return;
      if (Date.now() > end) throw new Error(`The Auto Scaling group ${id} still has instances.`);
      await sleep(250);
    }
  },
});

/** What instances are launched from, and what watches the network. */
export const LAUNCH_TYPES = [launchTemplate, vpcEndpoint, flowLog, autoScalingGroup];
