import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type EC2Client,
  type IpPermission,
} from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { resourceType } from '../resource-type';
import { integer, need, removed, tags, text } from './properties';
import { tagSpecifications } from './vpc';

const ends = {
  IpProtocol: text,
  FromPort: integer.optional(),
  ToPort: integer.optional(),
  CidrIp: text.optional(),
  CidrIpv6: text.optional(),
  Description: text.optional(),
};
const inbound = { ...ends, SourceSecurityGroupId: text.optional(), SourcePrefixListId: text.optional() };
const outbound = {
  ...ends,
  DestinationSecurityGroupId: text.optional(),
  DestinationPrefixListId: text.optional(),
};

type Rule = z.output<z.ZodObject<typeof inbound>> | z.output<z.ZodObject<typeof outbound>>;

/** What CloudFormation gives a group that names no outbound rules: everything by IPv4, and nothing else. */
const EVERYTHING: IpPermission = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };

function permission(rule: Rule): IpPermission {
  const { IpProtocol, FromPort, ToPort, CidrIp, CidrIpv6, Description } = rule;
  const group =
    'SourceSecurityGroupId' in rule
      ? rule.SourceSecurityGroupId
      : 'DestinationSecurityGroupId' in rule
        ? rule.DestinationSecurityGroupId
        : undefined;
  const list =
    'SourcePrefixListId' in rule
      ? rule.SourcePrefixListId
      : 'DestinationPrefixListId' in rule
        ? rule.DestinationPrefixListId
        : undefined;
  return {
    IpProtocol,
    FromPort,
    ToPort,
    ...(CidrIp === undefined ? {} : { IpRanges: [{ CidrIp, Description }] }),
    ...(CidrIpv6 === undefined ? {} : { Ipv6Ranges: [{ CidrIpv6, Description }] }),
    ...(group === undefined ? {} : { UserIdGroupPairs: [{ GroupId: group, Description }] }),
    ...(list === undefined ? {} : { PrefixListIds: [{ PrefixListId: list, Description }] }),
  };
}

interface InlineRules {
  readonly SecurityGroupIngress?: readonly Rule[] | undefined;
  readonly SecurityGroupEgress?: readonly Rule[] | undefined;
}

const inboundOf = ({ SecurityGroupIngress: rules }: InlineRules): IpPermission[] =>
  (rules ?? []).map(permission);
const outboundOf = ({ SecurityGroupEgress: rules }: InlineRules): IpPermission[] =>
  rules?.map(permission) ?? [EVERYTHING];

async function authorize(
  ec2: EC2Client,
  GroupId: string,
  rules: InlineRules,
  hasDefault: boolean,
): Promise<void> {
  const ingress = inboundOf(rules);
  if (ingress.length > 0)
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: ingress }));
  if (hasDefault && rules.SecurityGroupEgress === undefined) return;
  if (hasDefault)
    await ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: [EVERYTHING] }));
  const egress = outboundOf(rules);
  if (egress.length > 0)
    await ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions: egress }));
}

async function revoke(ec2: EC2Client, GroupId: string, rules: InlineRules): Promise<void> {
  const ingress = inboundOf(rules);
  const egress = outboundOf(rules);
  if (ingress.length > 0)
    await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: ingress }));
  if (egress.length > 0)
    await ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: egress }));
}

const group = resourceType({
  type: 'AWS::EC2::SecurityGroup',
  properties: z.strictObject({
    GroupDescription: text,
    GroupName: text.optional(),
    VpcId: text,
    SecurityGroupIngress: z.array(z.strictObject(inbound)).optional(),
    SecurityGroupEgress: z.array(z.strictObject(outbound)).optional(),
    Tags: tags.optional(),
  }),
  createOnly: ['GroupDescription', 'GroupName', 'VpcId', 'Tags'],
  async create(properties, context) {
    const { GroupDescription, GroupName = context.name(255), VpcId, Tags } = properties;
    const { ec2 } = context.clients;
    const TagSpecifications = tagSpecifications('security-group', Tags, context);
    const answer = await ec2.send(
      new CreateSecurityGroupCommand({ Description: GroupDescription, GroupName, VpcId, TagSpecifications }),
    );
    const id = need(answer.GroupId, 'GroupId');
    context.announce(id);
    await authorize(ec2, id, properties, true);
    return { id, attributes: { GroupId: id, VpcId, Id: id } };
  },
  async update(id, properties, previous, { clients: { ec2 } }) {
    await revoke(ec2, id, previous);
    await authorize(ec2, id, properties, false);
    return { id, attributes: { GroupId: id, VpcId: properties.VpcId, Id: id } };
  },
  async delete(id, _properties, { clients: { ec2 } }) {
    await removed(ec2.send(new DeleteSecurityGroupCommand({ GroupId: id })));
  },
});

const ingress = resourceType({
  type: 'AWS::EC2::SecurityGroupIngress',
  properties: z.strictObject({ ...inbound, GroupId: text }),
  async create({ GroupId, ...rule }, { clients: { ec2 } }) {
    const IpPermissions = [permission(rule)];
    const answer = await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
    const id = need(answer.SecurityGroupRules?.[0]?.SecurityGroupRuleId, 'SecurityGroupRuleId');
    return { id, attributes: { Id: id } };
  },
  async delete(_id, { GroupId, ...rule }, { clients: { ec2 } }) {
    const IpPermissions = [permission(rule)];
    await removed(ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions })));
  },
});

const egress = resourceType({
  type: 'AWS::EC2::SecurityGroupEgress',
  properties: z.strictObject({ ...outbound, GroupId: text }),
  async create({ GroupId, ...rule }, { clients: { ec2 } }) {
    const IpPermissions = [permission(rule)];
    const answer = await ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions }));
    const id = need(answer.SecurityGroupRules?.[0]?.SecurityGroupRuleId, 'SecurityGroupRuleId');
    return { id, attributes: { Id: id } };
  },
  async delete(_id, { GroupId, ...rule }, { clients: { ec2 } }) {
    const IpPermissions = [permission(rule)];
    await removed(ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions })));
  },
});

/** Security groups and their rules. */
export const SECURITY_GROUP_TYPES = [group, ingress, egress];
