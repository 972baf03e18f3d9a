import * as ec2 from 'aws-cdk-lib/aws-ec2';

/** Where boxes and jump host stand, and how they reach AWS. */
export interface BoxNetwork {
  readonly vpc: ec2.IVpc;
  /** Of boxes and jump host, tried in order. */
  readonly boxSubnets: readonly ec2.ISubnet[];
  /** Whether the agent must use dual-stack names, since the way out is IPv6. */
  readonly dualStackAgent: boolean;

  /** Opens the way out of boxes: to what they need of AWS and nothing else, as far as security groups can say it. */
  letOut(group: ec2.SecurityGroup): void;
}

/** Properties of {@link GivenNetwork}. */
export interface GivenNetworkProps {
  /** Nothing in it is changed. */
  readonly vpc: ec2.IVpc;
  /**
   * Subnets of boxes, with a way out to AWS: NAT, an internet gateway, an egress-only gateway or interface endpoints.
   *
   * @defaultValue the private subnets with egress
   */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /**
   * Whether the way out is IPv6 alone, as through an egress-only gateway.
   *
   * @defaultValue false
   */
  readonly ipv6?: boolean;
}

/** A VPC of somebody else's app, or one that was imported. */
export class GivenNetwork implements BoxNetwork {
  readonly vpc: ec2.IVpc;
  readonly boxSubnets: readonly ec2.ISubnet[];
  readonly dualStackAgent: boolean;

  constructor(props: GivenNetworkProps) {
    this.vpc = props.vpc;
    this.boxSubnets = props.vpc.selectSubnets(props.vpcSubnets).subnets;
    this.dualStackAgent = props.ipv6 ?? false;
  }

  letOut(group: ec2.SecurityGroup): void {
    const anywhere = this.dualStackAgent ? ec2.Peer.anyIpv6() : ec2.Peer.anyIpv4();
    group.addEgressRule(anywhere, ec2.Port.tcp(443), 'AWS APIs, by the way out of the VPC');
  }
}
