import { Aws, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { AGENT_ACTIONS, RECORDING_ACTIONS } from './instance-blueprint';

/** What an idle jump host asks for. */
const LEAVE_ACTION = 'autoscaling:TerminateInstanceInAutoScalingGroup';

const HTTPS = ec2.Port.tcp(443);

/** Properties of {@link InterfaceEndpoints}. */
export interface InterfaceEndpointsProps {
  readonly vpc: ec2.IVpc;
  /** One endpoint of each service in each: they are paid for by the hour and zone, and serve the other zones too. */
  readonly subnets: readonly ec2.ISubnet[];
}

/**
 * What a box needs of AWS besides S3, inside the VPC: the agent's two services and the secret; CloudWatch Logs, where shells are
 * recorded; and Auto Scaling, where a jump host leaves. The agent has not needed `ec2messages` since 3.3.40.0
 * (https://github.com/aws/amazon-ssm-agent/blob/mainline/RELEASENOTES.md), and no box calls KMS itself.
 */
export class InterfaceEndpoints extends Construct {
  private readonly securityGroup: ec2.SecurityGroup;
  private readonly secrets: ec2.InterfaceVpcEndpoint;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: InterfaceEndpointsProps,
  ) {
    super(scope, id);
    this.securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: 'Interface endpoints: in from boxes and jump host only',
      allowAllOutbound: false,
    });
    const { SSM, SSM_MESSAGES, SECRETS_MANAGER } = ec2.InterfaceVpcEndpointAwsService;
    const ofAgent = (service: string): string[] =>
      AGENT_ACTIONS.filter((action) => action.startsWith(`${service}:`));
    allow(this.endpoint('Ssm', SSM), ofAgent('ssm'), '*');
    allow(this.endpoint('SsmMessages', SSM_MESSAGES), ofAgent('ssmmessages'), '*');
    this.secrets = this.endpoint('Secrets', SECRETS_MANAGER);
  }

  /** Opens the way from whatever holds the group to the endpoints. */
  admit(group: ec2.SecurityGroup): void {
    this.securityGroup.connections.allowFrom(group, HTTPS, 'AWS APIs through interface endpoints');
  }

  /** Lets a secret be read through the endpoint, as far as the role of who asks allows it too. */
  allowSecret(secretArn: string): void {
    allow(this.secrets, ['secretsmanager:GetSecretValue'], secretArn);
  }

  /** Adds the way by which agents record shells: one that cannot see the log group opens none. */
  allowRecording(logGroupArn: string): void {
    const { CLOUDWATCH_LOGS } = ec2.InterfaceVpcEndpointAwsService;
    const endpoint = this.endpoint('Logs', CLOUDWATCH_LOGS);
    allow(endpoint, RECORDING_ACTIONS.group, logGroupArn);
    allow(endpoint, RECORDING_ACTIONS.all, '*');
  }

  /** Adds the way by which a jump host leaves its group: powering off would only make the group launch another. */
  allowLeaving(): void {
    const { AUTOSCALING } = ec2.InterfaceVpcEndpointAwsService;
    const resource = 'autoScalingGroup:*:autoScalingGroupName/*';
    const groups = Stack.of(this).formatArn({ service: 'autoscaling', resource });
    allow(this.endpoint('AutoScaling', AUTOSCALING), [LEAVE_ACTION], groups);
  }

  private endpoint(id: string, service: ec2.IInterfaceVpcEndpointService): ec2.InterfaceVpcEndpoint {
    return new ec2.InterfaceVpcEndpoint(this, id, {
      vpc: this.props.vpc,
      service,
      subnets: { subnets: [...this.props.subnets] },
      securityGroups: [this.securityGroup],
      // The whole VPC would be admitted otherwise.
      open: false,
    });
  }
}

/** For this account's principals only: the endpoint is no way out to somebody else's account. */
function allow(endpoint: ec2.InterfaceVpcEndpoint, actions: string[], resource: string): void {
  endpoint.addToPolicy(
    new iam.PolicyStatement({
      principals: [new iam.StarPrincipal()],
      actions,
      resources: [resource],
      conditions: { StringEquals: { 'aws:PrincipalAccount': Aws.ACCOUNT_ID } },
    }),
  );
}
