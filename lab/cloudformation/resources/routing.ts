import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateEgressOnlyInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  DeleteEgressOnlyInternetGatewayCommand,
  DeleteInternetGatewayCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  ReplaceRouteCommand,
} from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { resourceType } from '../resource-type';
import { need, removed, tags, text } from './properties';
import { tagSpecifications } from './vpc';

const routeTable = resourceType({
  type: 'AWS::EC2::RouteTable',
  properties: z.strictObject({ VpcId: text, Tags: tags.optional() }),
  async create({ VpcId, Tags }, context) {
    const TagSpecifications = tagSpecifications('route-table', Tags, context);
    const answer = await context.clients.ec2.send(new CreateRouteTableCommand({ VpcId, TagSpecifications }));
    const id = need(answer.RouteTable?.RouteTableId, 'RouteTableId');
    return { id, attributes: { RouteTableId: id } };
  },
  async delete(id, _properties, { clients: { ec2 } }) {
    await removed(ec2.send(new DeleteRouteTableCommand({ RouteTableId: id })));
  },
});

const route = resourceType({
  type: 'AWS::EC2::Route',
  properties: z.strictObject({
    RouteTableId: text,
    DestinationCidrBlock: text.optional(),
    DestinationIpv6CidrBlock: text.optional(),
    GatewayId: text.optional(),
    EgressOnlyInternetGatewayId: text.optional(),
    NatGatewayId: text.optional(),
  }),
  createOnly: ['RouteTableId', 'DestinationCidrBlock', 'DestinationIpv6CidrBlock'],
  async create(properties, { clients: { ec2 } }) {
    await ec2.send(new CreateRouteCommand(properties));
    const destination = properties.DestinationCidrBlock ?? properties.DestinationIpv6CidrBlock ?? '';
    return { id: `${properties.RouteTableId}|${destination}` };
  },
  async update(id, properties, _previous, { clients: { ec2 } }) {
    await ec2.send(new ReplaceRouteCommand(properties));
    return { id };
  },
  async delete(_id, { RouteTableId, DestinationCidrBlock, DestinationIpv6CidrBlock }, { clients: { ec2 } }) {
    await removed(
      ec2.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock, DestinationIpv6CidrBlock })),
    );
  },
});

const association = resourceType({
  type: 'AWS::EC2::SubnetRouteTableAssociation',
  properties: z.strictObject({ RouteTableId: text, SubnetId: text }),
  async create({ RouteTableId, SubnetId }, { clients: { ec2 } }) {
    const answer = await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
    const id = need(answer.AssociationId, 'AssociationId');
    return { id, attributes: { Id: id } };
  },
  async delete(id, _properties, { clients: { ec2 } }) {
    await removed(ec2.send(new DisassociateRouteTableCommand({ AssociationId: id })));
  },
});

const egressOnlyGateway = resourceType({
  type: 'AWS::EC2::EgressOnlyInternetGateway',
  properties: z.strictObject({ VpcId: text, Tags: tags.optional() }),
  async create({ VpcId, Tags }, context) {
    const TagSpecifications = tagSpecifications('egress-only-internet-gateway', Tags, context);
    const answer = await context.clients.ec2.send(
      new CreateEgressOnlyInternetGatewayCommand({ VpcId, TagSpecifications }),
    );
    const id = need(answer.EgressOnlyInternetGateway?.EgressOnlyInternetGatewayId, 'gateway id');
    return { id, attributes: { Id: id } };
  },
  async delete(id, _properties, { clients: { ec2 } }) {
    await removed(ec2.send(new DeleteEgressOnlyInternetGatewayCommand({ EgressOnlyInternetGatewayId: id })));
  },
});

const internetGateway = resourceType({
  type: 'AWS::EC2::InternetGateway',
  properties: z.strictObject({ Tags: tags.optional() }),
  async create({ Tags }, context) {
    const TagSpecifications = tagSpecifications('internet-gateway', Tags, context);
    const answer = await context.clients.ec2.send(new CreateInternetGatewayCommand({ TagSpecifications }));
    const id = need(answer.InternetGateway?.InternetGatewayId, 'InternetGatewayId');
    return { id, attributes: { InternetGatewayId: id } };
  },
  async delete(id, _properties, { clients: { ec2 } }) {
    await removed(ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId: id })));
  },
});

const gatewayAttachment = resourceType({
  type: 'AWS::EC2::VPCGatewayAttachment',
  properties: z.strictObject({ VpcId: text, InternetGatewayId: text }),
  async create({ VpcId, InternetGatewayId }, { clients: { ec2 } }) {
    await ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId }));
    return { id: `IGW|${VpcId}`, attributes: { AttachmentType: 'IGW' } };
  },
  async delete(_id, { VpcId, InternetGatewayId }, { clients: { ec2 } }) {
    await removed(ec2.send(new DetachInternetGatewayCommand({ VpcId, InternetGatewayId })));
  },
});

/** Route tables and gateways. */
export const ROUTING_TYPES = [
  routeTable,
  route,
  association,
  egressOnlyGateway,
  internetGateway,
  gatewayAttachment,
];
