import { Match } from 'aws-cdk-lib/assertions';
import { flat, jsonWith, resourceOf, statementsOf, templateWith } from './synth';

const template = templateWith();
const endpoint = resourceOf(jsonWith(), 'AWS::EC2::VPCEndpoint');
const subnets = (name: string) =>
  Object.entries(jsonWith().Resources).filter(
    ([id, { Type }]) => Type === 'AWS::EC2::Subnet' && id.includes(`Vpc${name}Subnet`),
  );

describe('network', () => {
  test('has no way in: neither internet gateway nor NAT nor public address', () => {
    template.resourceCountIs('AWS::EC2::InternetGateway', 0);
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    template.resourceCountIs('AWS::EC2::EIP', 0);
    template.allResourcesProperties('AWS::EC2::Subnet', { MapPublicIpOnLaunch: false });
  });

  test('spans two zones of whatever region it is deployed to', () => {
    const zones = subnets('box').map(([, { Properties }]) => Properties.AvailabilityZone);
    expect(zones).toEqual([0, 1].map((at) => ({ 'Fn::Select': [at, { 'Fn::GetAZs': '' }] })));
    expect(subnets('database')).toHaveLength(2);
  });

  test('lets boxes out by IPv6 through the egress-only gateway, and the database nowhere (aws-facts 0.1)', () => {
    template.resourceCountIs('AWS::EC2::EgressOnlyInternetGateway', 1);
    template.resourceCountIs('AWS::EC2::Route', 2);
    for (const [id, { Type, Properties }] of Object.entries(jsonWith().Resources)) {
      if (Type !== 'AWS::EC2::Route') continue;
      expect(id).toMatch(/boxSubnet/);
      expect(Properties).toMatchObject({ DestinationIpv6CidrBlock: '::/0' });
      expect(Properties).toHaveProperty('EgressOnlyInternetGatewayId');
    }
  });

  test('gives addresses of IPv6 to boxes alone', () => {
    for (const [, { Properties }] of subnets('box'))
      expect(Properties.AssignIpv6AddressOnCreation).toBe(true);
    for (const [, { Properties }] of subnets('database'))
      expect(Properties.AssignIpv6AddressOnCreation).toBe(false);
  });

  test('reaches S3 by a dual-stack gateway endpoint in the box subnets only (aws-facts 0.3)', () => {
    expect(endpoint.Properties).toMatchObject({
      VpcEndpointType: 'Gateway',
      IpAddressType: 'dualstack',
      DnsOptions: { DnsRecordIpType: 'dualstack' },
    });
    const tables = (endpoint.Properties.RouteTableIds as unknown[]).map(flat);
    expect(tables).toHaveLength(2);
    for (const table of tables) expect(table).toMatch(/boxSubnet/);
    template.hasResourceProperties('AWS::EC2::VPC', { EnableDnsHostnames: true, EnableDnsSupport: true });
  });

  test('names in the endpoint policy the buckets that may be reached, and how', () => {
    const found = statementsOf(endpoint).map(({ Action, Resource, Principal, Effect }) => ({
      Effect,
      Principal,
      actions: [Action].flat(),
      resources: [Resource].flat().map((one) => flat(one).replaceAll(/[0-9A-F]{8}(?=[.}])/g, '')),
    }));
    const allow = { Effect: 'Allow', Principal: '*' };
    expect(found).toEqual([
      {
        ...allow,
        actions: ['s3:GetObject'],
        resources: ['arn:{AWS::Partition}:s3:::al2023-repos-{AWS::Region}-de612dc2/*'],
      },
      {
        ...allow,
        actions: [
          's3:AbortMultipartUpload',
          's3:GetObject',
          's3:GetObjectVersion',
          's3:ListMultipartUploadParts',
          's3:PutObject',
        ],
        resources: ['{BackupsBucket.Arn}/*'],
      },
      { ...allow, actions: ['s3:ListBucket'], resources: ['{BackupsBucket.Arn}'] },
      {
        ...allow,
        actions: ['s3:GetObject'],
        resources: ['arn:{AWS::Partition}:s3:::cdk-hnb659fds-assets-{AWS::AccountId}-{AWS::Region}/*'],
      },
    ]);
  });

  test('records its traffic unless told not to', () => {
    template.hasResourceProperties('AWS::EC2::FlowLog', { ResourceType: 'VPC', TrafficType: 'ALL' });
    templateWith({ flowLogs: false }).resourceCountIs('AWS::EC2::FlowLog', 0);
  });

  test('leaves the default security group to itself: CDK would empty it with a function that leaves its logs behind', () => {
    template.resourceCountIs('Custom::VpcRestrictDefaultSG', 0);
    template.resourcePropertiesCountIs(
      'AWS::Lambda::Function',
      Match.objectLike({ VpcConfig: Match.anyValue() }),
      0,
    );
  });
});
