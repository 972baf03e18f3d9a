import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Settings } from './config/schema';
import { InterfaceEndpoints } from './interface-endpoints';
import { amazonLinuxRepositories, Network } from './network';

const BOX_SUBNETS = 'box';
const DATABASE_SUBNETS = 'database';
const HTTPS = ec2.Port.tcp(443);

/** Ways out that a VPC of our own can have. */
export type OwnEgress = Exclude<Settings['egress'], 'existing'>;

/** Properties of {@link OwnNetwork}. */
export interface OwnNetworkProps {
  /** How boxes reach AWS. */
  readonly egress: OwnEgress;
  /**
   * S3's managed prefix list of the region.
   *
   * @defaultValue every IPv4 address may be called, as far as there is a route
   */
  readonly s3PrefixListId?: string | undefined;
  /** Whether interface endpoints stand in two zones. */
  readonly multiAz: boolean;
  /**
   * Where flow logs go.
   *
   * @defaultValue no flow logs
   */
  readonly flowLogGroup?: logs.ILogGroup;
}

/** What an egress mode means for the VPC. */
interface Plan {
  readonly dualStack: boolean;
  readonly boxSubnetType: ec2.SubnetType;
}

const PLANS: Readonly<Record<OwnEgress, Plan>> = {
  // Out through an egress-only gateway, which lets nothing in.
  ipv6: { dualStack: true, boxSubnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
  // Out through an internet gateway, from an address that the subnet gives.
  'public-ipv4': { dualStack: false, boxSubnetType: ec2.SubnetType.PUBLIC },
  endpoints: { dualStack: false, boxSubnetType: ec2.SubnetType.PRIVATE_ISOLATED },
};

/**
 * A VPC that nothing outside can open a connection into. Boxes reach S3 through the gateway endpoint, and the rest of AWS
 * as the setting says; the database's subnets have no way out.
 */
export class OwnNetwork extends Network {
  readonly vpc: ec2.IVpc;
  readonly boxSubnets: readonly ec2.ISubnet[];
  readonly databaseSubnets: ec2.SubnetSelection = { subnetGroupName: DATABASE_SUBNETS };
  readonly s3Endpoint: ec2.GatewayVpcEndpoint;
  readonly dualStackAgent: boolean;
  private readonly endpoints: InterfaceEndpoints | undefined;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: OwnNetworkProps,
  ) {
    super(scope, id);
    const plan = PLANS[props.egress];
    this.dualStackAgent = plan.dualStack;
    this.vpc = this.addVpc(plan);
    this.boxSubnets = this.vpc.selectSubnets({ subnetGroupName: BOX_SUBNETS }).subnets;
    this.s3Endpoint = this.addS3Endpoint(plan);
    this.endpoints = props.egress === 'endpoints' ? this.addEndpoints() : undefined;
    if (props.flowLogGroup !== undefined) {
      this.vpc.addFlowLog('FlowLog', {
        destination: ec2.FlowLogDestination.toCloudWatchLogs(props.flowLogGroup),
      });
    }
  }

  /** Security groups do not concern the VPC's own resolver, clock and instance metadata. */
  letOut(group: ec2.SecurityGroup): void {
    const { egress, s3PrefixListId } = this.props;
    if (egress === 'ipv6')
      group.addEgressRule(ec2.Peer.anyIpv6(), HTTPS, 'AWS APIs through the egress-only gateway');
    this.endpoints?.admit(group);
    if (egress === 'public-ipv4') group.addEgressRule(ec2.Peer.anyIpv4(), HTTPS, 'AWS APIs and S3');
    else if (s3PrefixListId !== undefined)
      group.addEgressRule(ec2.Peer.prefixList(s3PrefixListId), HTTPS, 'S3 through the gateway endpoint');
    // Wide in words only: the one IPv4 route out of the subnet is the gateway endpoint's, to S3 of this region. Its prefix
    // list is the narrower target, but an id of it cannot be named without a look-up at synth.
    else group.addEgressRule(ec2.Peer.anyIpv4(), HTTPS, 'S3 through the gateway endpoint');
  }

  allowThroughEndpoint(resource: string, actions: string[]): void {
    this.s3Endpoint.addToPolicy(
      new iam.PolicyStatement({ principals: [new iam.StarPrincipal()], actions, resources: [resource] }),
    );
  }

  allowSecret(secretArn: string): void {
    this.endpoints?.allowSecret(secretArn);
  }

  allowRecording(logGroupArn: string): void {
    this.endpoints?.allowRecording(logGroupArn);
  }

  allowLeaving(): void {
    this.endpoints?.allowLeaving();
  }

  private addVpc({ dualStack, boxSubnetType }: Plan): ec2.IVpc {
    const ipv6 = dualStack ? { ipv6AssignAddressOnCreation: false } : {};
    const vpc = new ec2.Vpc(this, 'Vpc', {
      ipProtocol: dualStack ? ec2.IpProtocol.DUAL_STACK : ec2.IpProtocol.IPV4_ONLY,
      maxAzs: 2,
      natGateways: 0,
      createInternetGateway: boxSubnetType === ec2.SubnetType.PUBLIC,
      subnetConfiguration: [
        { name: BOX_SUBNETS, subnetType: boxSubnetType, cidrMask: 24 },
        // The database speaks IPv4 only.
        { name: DATABASE_SUBNETS, subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24, ...ipv6 },
      ],
      // Emptying the default group takes a function of CDK's that leaves its log group behind; nothing uses that group.
      restrictDefaultSecurityGroup: false,
    });
    // CDK's own class does not meet its own interface under exactOptionalPropertyTypes.
    return vpc as ec2.IVpc;
  }

  /**
   * Both address families where boxes have both: dnf uses S3's dual-stack name, and IPv6 traffic would go around an endpoint
   * that only knows IPv4 (https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html).
   */
  private addS3Endpoint({ dualStack }: Plan): ec2.GatewayVpcEndpoint {
    const endpoint = this.vpc.addGatewayEndpoint('S3', {
      service: ec2.GatewayVpcEndpointAwsService.S3,
      subnets: [{ subnetGroupName: BOX_SUBNETS }],
      ...(dualStack
        ? {
            ipAddressType: ec2.VpcEndpointIpAddressType.DUALSTACK,
            dnsRecordIpType: ec2.VpcEndpointDnsRecordIpType.DUALSTACK,
          }
        : {}),
    });
    // EC2 asks whether each subnet has both families, which CloudFormation cannot know: it is told of route tables alone.
    endpoint.node.addDependency(...this.boxSubnets);
    endpoint.addToPolicy(amazonLinuxRepositories());
    return endpoint;
  }

  private addEndpoints(): InterfaceEndpoints {
    return new InterfaceEndpoints(this, 'Endpoints', {
      vpc: this.vpc,
      subnets: this.props.multiAz ? this.boxSubnets : this.boxSubnets.slice(0, 1),
    });
  }
}
