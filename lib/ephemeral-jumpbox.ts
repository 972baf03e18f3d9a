import { Stack } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';
import { FUNCTION_ENVIRONMENT } from '../contract/environment';
import { parseOrRefuse } from '../contract/problems';
import { GivenNetwork, type GivenNetworkProps } from './box-network';
import { type Settings, settingsSchema } from './config/schema';
import { Drain } from './drain';
import type { Encryption } from './encryption';
import { Jumpbox } from './jumpbox';
import { LifecycleFunctions } from './lifecycle-functions';
import { SweepSchedule } from './sweep-schedule';

/** The image's own size: the box keeps nothing. */
const VOLUME_GIB = 8;

/** Properties of {@link EphemeralJumpbox}. */
export interface EphemeralJumpboxProps extends GivenNetworkProps {
  /**
   * What boxes are for: the create function's answer then holds the command that puts it on localhost. The way to it is
   * opened by `connections.allowTo`.
   *
   * @defaultValue the answer holds the command for a shell alone
   */
  readonly target?: { readonly host: string; readonly port: number };
  /**
   * Prefix of the name that the console shows: 1 to 20 lowercase letters, digits and single dashes.
   *
   * @defaultValue drawbridge
   */
  readonly name?: string;
  /**
   * Life of a box when the request names none, in minutes.
   *
   * @defaultValue 60
   */
  readonly ttlMinutes?: number;
  /**
   * Longest life of a box, in minutes.
   *
   * @defaultValue 720
   */
  readonly maxTtlMinutes?: number;
  /**
   * Boxes that may live at a time.
   *
   * @defaultValue 5
   */
  readonly maxBoxes?: number;
  /**
   * arm64 instance types, tried in order.
   *
   * @defaultValue t4g.micro, t4g.small, t4g.medium
   */
  readonly boxTypes?: readonly string[];
  /**
   * Disk of a box, in GiB.
   *
   * @defaultValue 8
   */
  readonly boxVolumeGiB?: number;
  /**
   * Minutes between sweeps, and so the longest by which a box outlives its expiry whatever else fails.
   *
   * @defaultValue 5
   */
  readonly sweepMinutes?: number;
  /**
   * Key of the functions' logs.
   *
   * @defaultValue CloudWatch's own
   */
  readonly encryption?: Encryption;
}

/**
 * Boxes that exist for minutes, in a VPC that exists: a launch template; functions that open and end boxes; a sweep; and
 * the end of every box before the stack's own. No inbound rule, no key pair, no way in but Systems Manager.
 *
 * Boxes belong to their stack: there can be one of these in each.
 *
 * ```ts
 * const jumpbox = new EphemeralJumpbox(this, 'Jumpbox', { vpc, target: { host, port: 5432 } });
 * jumpbox.connections.allowTo(databaseGroup, ec2.Port.tcp(5432));
 * jumpbox.grantOpen(developers);
 * jumpbox.grantConnect(developers);
 * ```
 */
export class EphemeralJumpbox extends Construct implements ec2.IConnectable, iam.IGrantable {
  readonly box: Jumpbox;
  readonly functions: LifecycleFunctions;
  /** Of boxes. */
  readonly connections: ec2.Connections;
  /** The role of boxes. */
  readonly grantPrincipal: iam.IPrincipal;

  /** @throws RefusedInput naming every property that is wrong */
  constructor(scope: Construct, id: string, props: EphemeralJumpboxProps) {
    super(scope, id);
    refuseSecond(this);
    const settings = checked(props, this.node.path);
    const network = new GivenNetwork(props);
    const logs = props.encryption === undefined ? {} : { encryption: props.encryption };
    this.box = new Jumpbox(this, 'Box', {
      ...settings,
      network,
      purpose: 'access',
      instanceType: settings.boxTypes[0],
      volumeGiB: settings.boxVolumeGiB,
    });
    this.connections = this.box.connections;
    this.grantPrincipal = this.box.grantPrincipal;
    this.functions = new LifecycleFunctions(this, 'Lifecycle', {
      ...settings,
      ...logs,
      boxes: [this.box],
      subnets: network.boxSubnets,
    });
    if (props.target !== undefined) tell(this.functions, props.target);
    const schedule = new SweepSchedule(this, 'SweepSchedule', {
      sweep: this.functions.sweep,
      everyMinutes: settings.sweepMinutes,
    });
    const drain = new Drain(this, 'Drain', logs);
    drain.ends(this.box);
    drain.after(schedule, this.functions.create);
  }

  /** Lets somebody open boxes and move their expiry. */
  grantOpen(grantee: iam.IGrantable): iam.Grant {
    return this.functions.grantOpen(grantee);
  }

  /** Lets somebody end boxes. */
  grantClose(grantee: iam.IGrantable): iam.Grant {
    return this.functions.grantClose(grantee);
  }

  /** Lets somebody forward ports and open a shell through boxes, by the documents of AWS, and end their own sessions. */
  grantConnect(grantee: iam.IGrantable): iam.Grant {
    return this.box.grantConnect(grantee);
  }
}

/** A second one would count, sweep and end the boxes of the first: what a box belongs to is its stack. */
function refuseSecond(one: IConstruct): void {
  const others = Stack.of(one)
    .node.findAll()
    .filter((other) => other instanceof EphemeralJumpbox && other !== one);
  const [first] = others;
  if (first !== undefined)
    throw new Error(
      `${one.node.path} cannot be made: ${first.node.path} is in the same stack. Put each into a stack of its own.`,
    );
}

/** The settings of the same names, with their limits and defaults. */
function checked(props: EphemeralJumpboxProps, path: string): Settings {
  const { name, ttlMinutes, maxTtlMinutes, maxBoxes, boxTypes, sweepMinutes } = props;
  const boxVolumeGiB = props.boxVolumeGiB ?? VOLUME_GIB;
  return parseOrRefuse(
    settingsSchema,
    { name, ttlMinutes, maxTtlMinutes, maxBoxes, boxTypes, sweepMinutes, boxVolumeGiB },
    `properties of ${path}`,
    'what the documentation of EphemeralJumpboxProps says. Correct them where the construct is made.',
  );
}

function tell({ create }: LifecycleFunctions, { host, port }: { host: string; port: number }): void {
  create.addEnvironment(FUNCTION_ENVIRONMENT.databaseHost, host);
  create.addEnvironment(FUNCTION_ENVIRONMENT.databasePort, port.toString());
}
