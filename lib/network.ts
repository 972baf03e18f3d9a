import { Aws } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

const BOX_SUBNETS = 'box';
const DATABASE_SUBNETS = 'database';

/** Properties of {@link Network}. */
export interface NetworkProps {
  /**
   * Where flow logs go.
   *
   * @defaultValue no flow logs
   */
  readonly flowLogGroup?: logs.ILogGroup;
}

/**
 * A dual-stack VPC that nothing outside can open a connection into. Boxes leave by IPv6 through an egress-only gateway and
 * reach S3 through the gateway endpoint; the database's subnets have no way out. Costs nothing while idle.
 */
export class Network extends Construct {
  readonly vpc: ec2.IVpc;
  readonly boxSubnets: readonly ec2.ISubnet[];
  readonly databaseSubnets: ec2.SubnetSelection = { subnetGroupName: DATABASE_SUBNETS };
  readonly s3Endpoint: ec2.GatewayVpcEndpoint;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const vpc = new ec2.Vpc(this, 'Vpc', {
      ipProtocol: ec2.IpProtocol.DUAL_STACK,
      maxAzs: 2,
      natGateways: 0,
      createInternetGateway: false,
      subnetConfiguration: [
        { name: BOX_SUBNETS, subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 24 },
        {
          name: DATABASE_SUBNETS,
          subnetType: ec2.SubnetType.PRIVATE_ISOLATED,
          cidrMask: 24,
          // The database speaks IPv4 only.
          ipv6AssignAddressOnCreation: false,
        },
      ],
      // Emptying the default group takes a function of CDK's that leaves its log group behind; nothing uses that group.
      restrictDefaultSecurityGroup: false,
    });
    // CDK's own class does not meet its own interface under exactOptionalPropertyTypes.
    this.vpc = vpc as ec2.IVpc;
    this.boxSubnets = this.vpc.selectSubnets({ subnetGroupName: BOX_SUBNETS }).subnets;
    this.s3Endpoint = this.addS3Endpoint();
    if (props.flowLogGroup !== undefined) {
      this.vpc.addFlowLog('FlowLog', {
        destination: ec2.FlowLogDestination.toCloudWatchLogs(props.flowLogGroup),
      });
    }
  }

  /** Lets what is in the box subnets use `actions` on `resource` through the endpoint, as far as its role allows it too. */
  allowThroughEndpoint(resource: string, actions: string[]): void {
    this.s3Endpoint.addToPolicy(
      new iam.PolicyStatement({ principals: [new iam.StarPrincipal()], actions, resources: [resource] }),
    );
  }

  /**
   * Both address families: dnf uses S3's dual-stack name, and IPv6 traffic would go around an endpoint that only knows IPv4
   * (https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html).
   */
  private addS3Endpoint(): ec2.GatewayVpcEndpoint {
    const endpoint = this.vpc.addGatewayEndpoint('S3', {
      service: ec2.GatewayVpcEndpointAwsService.S3,
      subnets: [{ subnetGroupName: BOX_SUBNETS }],
      ipAddressType: ec2.VpcEndpointIpAddressType.DUALSTACK,
      dnsRecordIpType: ec2.VpcEndpointDnsRecordIpType.DUALSTACK,
    });
    endpoint.addToPolicy(
      new iam.PolicyStatement({
        sid: 'AmazonLinuxRepositories',
        principals: [new iam.StarPrincipal()],
        actions: ['s3:GetObject'],
        // The suffix is the same in every region: https://docs.aws.amazon.com/emr/latest/ManagementGuide/private-subnet-iampolicy.html
        resources: [`arn:${Aws.PARTITION}:s3:::al2023-repos-${Aws.REGION}-de612dc2/*`],
      }),
    );
    return endpoint;
  }
}
