import { Aws, Duration, Stack, Tags } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { JUMP_HOST, TAGS } from '../contract/tags';
import type { Settings } from './config/schema';
import { InstanceBlueprint } from './instance-blueprint';
import { idleScript } from './idle-script';
import type { Network } from './network';
import { agentScript, renderUserData } from './user-data';

/** Properties of {@link JumpHost}. */
export interface JumpHostProps {
  readonly network: Network;
  /** Prefix of names. */
  readonly name: string;
  /** arm64. */
  readonly instanceType: string;
  readonly mode: Exclude<Settings['jumpHost'], 'none'>;
  /** An `on-demand` host leaves after so long without use. */
  readonly idleMinutes: number;
}

/** Room for the image; the jump host keeps nothing. */
const VOLUME_GIB = 8;

/**
 * The standing way in: a group of none or one. A host that does not exist costs nothing and needs no patches; one that is
 * a week old is replaced by a fresh one.
 */
export class JumpHost extends Construct implements ec2.IConnectable, iam.IGrantable {
  readonly connections: ec2.Connections;
  readonly grantPrincipal: iam.IPrincipal;
  readonly group: autoscaling.AutoScalingGroup;

  constructor(scope: Construct, id: string, props: JumpHostProps) {
    super(scope, id);
    const leaves = props.mode === 'on-demand';
    const blueprint = new InstanceBlueprint(this, 'Blueprint', {
      network: props.network,
      name: props.name,
      purpose: JUMP_HOST,
      instanceType: props.instanceType,
      volumeGiB: VOLUME_GIB,
      userData: () =>
        renderUserData(
          agentScript(props.network.dualStackAgent),
          leaves ? [idleScript(props.idleMinutes, Aws.REGION)] : [],
        ),
    });
    this.connections = blueprint.connections;
    this.grantPrincipal = blueprint.grantPrincipal;
    if (leaves) this.letLeave(blueprint);
    this.group = new autoscaling.AutoScalingGroup(this, 'Group', {
      vpc: props.network.vpc,
      vpcSubnets: { subnets: [...props.network.boxSubnets] },
      launchTemplate: blueprint.launchTemplate,
      minCapacity: props.mode === 'always' ? 1 : 0,
      // No desired capacity: a deployment would reset it under the feet of whoever is connected.
      maxCapacity: 1,
      maxInstanceLifetime: Duration.days(7),
    });
    Tags.of(this.group).add(TAGS.name, `${props.name}-${JUMP_HOST}`);
    // By this the host may shrink its own group and no other: the group's ARN would make role and group depend on each other.
    Tags.of(this.group).add(TAGS.stack, Aws.STACK_ID);
  }

  /** Powering off would not do: the group would launch another host. */
  private letLeave({ role }: InstanceBlueprint): void {
    role.addToPolicy(
      new iam.PolicyStatement({
        sid: 'Leave',
        actions: ['autoscaling:TerminateInstanceInAutoScalingGroup'],
        resources: [
          Stack.of(this).formatArn({
            service: 'autoscaling',
            resource: 'autoScalingGroup:*:autoScalingGroupName/*',
          }),
        ],
        conditions: { StringEquals: { [`autoscaling:ResourceTag/${TAGS.stack}`]: Aws.STACK_ID } },
      }),
    );
  }
}
