import { Aws, Duration, Stack, Tags } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { JUMP_HOST, TAGS } from '../contract/tags';
import { DEFAULTS } from './config/defaults';
import { InstanceBlueprint } from './instance-blueprint';
import { idleScript } from './idle-script';
import type { BoxNetwork } from './box-network';
import { grantSessions } from './session-grant';
import { agentScript, renderUserData } from './user-data';

/** Properties of {@link JumpHost}. */
export interface JumpHostProps {
  readonly network: BoxNetwork;
  /**
   * Prefix of the name that the console shows.
   *
   * @defaultValue drawbridge
   */
  readonly name?: string;
  /**
   * arm64.
   *
   * @defaultValue t4g.micro
   */
  readonly instanceType?: string;
  /**
   * Whether it comes when it is asked for and leaves when nobody uses it, or always stands.
   *
   * @defaultValue on-demand
   */
  readonly mode?: 'on-demand' | 'always';
  /**
   * An `on-demand` host leaves after so many minutes without use.
   *
   * @defaultValue 15
   */
  readonly idleMinutes?: number;
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
    const leaves = props.mode !== 'always';
    const name = props.name ?? DEFAULTS.name;
    const blueprint = new InstanceBlueprint(this, 'Blueprint', {
      network: props.network,
      name,
      purpose: JUMP_HOST,
      instanceType: props.instanceType ?? DEFAULTS.boxTypes[0],
      volumeGiB: VOLUME_GIB,
      readsTags: false,
      userData: () =>
        renderUserData(
          agentScript(props.network.dualStackAgent),
          leaves
            ? [
                idleScript({
                  idleMinutes: props.idleMinutes ?? DEFAULTS.jumpHostIdleMinutes,
                  region: Aws.REGION,
                  dualStack: props.network.dualStackAgent,
                }),
              ]
            : [],
        ),
    });
    this.connections = blueprint.connections;
    this.grantPrincipal = blueprint.grantPrincipal;
    if (leaves) this.letLeave(blueprint);
    this.group = new autoscaling.AutoScalingGroup(this, 'Group', {
      vpc: props.network.vpc,
      vpcSubnets: { subnets: [...props.network.boxSubnets] },
      launchTemplate: blueprint.launchTemplate,
      minCapacity: leaves ? 0 : 1,
      // No desired capacity: a deployment would reset it under the feet of whoever is connected.
      maxCapacity: 1,
      maxInstanceLifetime: Duration.days(7),
    });
    Tags.of(this.group).add(TAGS.name, `${name}-${JUMP_HOST}`);
    // By this the host may shrink its own group and no other: the group's ARN would make role and group depend on each other.
    Tags.of(this.group).add(TAGS.stack, Aws.STACK_ID);
  }

  /** Lets somebody bring the host up, and send it away. */
  grantBringUp(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['autoscaling:SetDesiredCapacity'],
      resourceArns: [this.group.autoScalingGroupArn],
    });
  }

  /**
   * Lets somebody bring the host up, forward ports and open a shell through it, by the documents of AWS, and end their own
   * sessions.
   */
  grantConnect(grantee: iam.IGrantable): iam.Grant {
    return this.grantBringUp(grantee).combine(grantSessions(this, grantee, JUMP_HOST));
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
