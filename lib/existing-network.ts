import { Annotations, Fn } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { Network } from './network';

/** Properties of {@link ExistingNetwork}: ids, since nothing is looked up. */
export interface ExistingNetworkProps {
  readonly vpcId: string;
  /** Of boxes and jump host, tried in order; with a way out by IPv4 or interface endpoints. */
  readonly boxSubnetIds: readonly string[];
  /** The gateway endpoint that their route tables use. */
  readonly s3EndpointId: string;
  /**
   * In two zones at least.
   *
   * @defaultValue none, for a database that exists
   */
  readonly databaseSubnetIds?: readonly string[] | undefined;
}

/**
 * A VPC that somebody else made. Nothing in it is changed: its routes, its endpoint and the endpoint's policy are its
 * owner's; the README says what that policy must allow.
 */
export class ExistingNetwork extends Network {
  readonly vpc: ec2.IVpc;
  readonly boxSubnets: readonly ec2.ISubnet[];
  readonly databaseSubnets: ec2.SubnetSelection;
  readonly s3Endpoint: ec2.IGatewayVpcEndpoint;
  /** Ordinary names work through NAT, through an internet gateway, and through interface endpoints. */
  readonly dualStackAgent = false;

  constructor(scope: Construct, id: string, props: ExistingNetworkProps) {
    super(scope, id);
    this.vpc = ec2.Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: props.vpcId,
      // CDK wants one at least, and nobody asks for it: everything that is placed is given subnets.
      availabilityZones: [Fn.select(0, Fn.getAzs())],
    });
    this.boxSubnets = this.subnets('Box', props.boxSubnetIds);
    this.databaseSubnets = { subnets: this.subnets('Database', props.databaseSubnetIds ?? []) };
    this.s3Endpoint = ec2.GatewayVpcEndpoint.fromGatewayVpcEndpointId(this, 'S3', props.s3EndpointId);
  }

  /** By IPv4 alone, as the agent's names are: what lies behind is the VPC owner's choice. */
  letOut(group: ec2.SecurityGroup): void {
    group.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), 'AWS APIs and S3, by the way out of the VPC');
  }

  /** The endpoint's policy is its owner's. */
  allowThroughEndpoint(): void {}

  /** So are the policies of interface endpoints. */
  allowSecret(): void {}

  /** And whether there is one for CloudWatch Logs, or for Auto Scaling: see the README. */
  allowRecording(): void {}

  /** See {@link ExistingNetwork.allowRecording}. */
  allowLeaving(): void {}

  private subnets(prefix: string, ids: readonly string[]): ec2.ISubnet[] {
    return ids.map((id, index) => {
      const subnet = ec2.Subnet.fromSubnetId(this, `${prefix}${index + 1}`, id);
      Annotations.of(subnet).acknowledgeWarning(
        '@aws-cdk/aws-ec2:noSubnetRouteTableId',
        'Routes of an existing VPC are not touched.',
      );
      return subnet;
    });
  }
}
