import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { BOX_PATHS } from '../contract/environment';
import type { Purpose } from '../contract/purposes';
import { DEFAULTS } from './config/defaults';
import { InstanceBlueprint } from './instance-blueprint';
import type { BoxNetwork } from './box-network';
import { grantSessions } from './session-grant';
import {
  agentScript,
  expiryScript,
  installScript,
  type Installation,
  renderUserData,
  shellQuote,
} from './user-data';

/** Properties of {@link Jumpbox}. */
export interface JumpboxProps {
  readonly network: BoxNetwork;
  /**
   * Prefix of the name that the console shows.
   *
   * @defaultValue drawbridge
   */
  readonly name?: string;
  /**
   * By which requests choose these boxes.
   *
   * @defaultValue access
   */
  readonly purpose?: Purpose;
  /**
   * Intake source whose boxes these are.
   *
   * @defaultValue none
   */
  readonly source?: string;
  /**
   * arm64; create may launch another type.
   *
   * @defaultValue t4g.micro
   */
  readonly instanceType?: string;
  /**
   * Its disk, in GiB; the image's own is 8.
   *
   * @defaultValue 20
   */
  readonly volumeGiB?: number;
  /**
   * Longest life of a box, whatever its expiry says, in minutes.
   *
   * @defaultValue 720
   */
  readonly maxTtlMinutes?: number;
  /**
   * What the box installs. The files gain box.env when it was given an environment.
   *
   * @defaultValue nothing, so that it is usable as soon as its agent is online
   */
  readonly installation?: Installation;
  /**
   * Shell script that runs when everything is installed.
   *
   * @defaultValue none
   */
  readonly finally?: string;
}

/**
 * Boxes of one purpose: how they are built is fixed here, whoever asks for one. Grants add to the role and to the
 * environment of the box's program alike.
 */
export class Jumpbox extends Construct implements ec2.IConnectable, iam.IGrantable {
  readonly purpose: Purpose;
  readonly blueprint: InstanceBlueprint;
  readonly role: iam.Role;
  readonly grantPrincipal: iam.IPrincipal;
  readonly connections: ec2.Connections;
  private readonly environment: Record<string, string> = {};
  private readonly files: Record<string, string> = {};

  constructor(scope: Construct, id: string, props: JumpboxProps) {
    super(scope, id);
    this.purpose = props.purpose ?? 'access';
    this.blueprint = new InstanceBlueprint(this, 'Blueprint', {
      name: DEFAULTS.name,
      instanceType: DEFAULTS.boxTypes[0],
      volumeGiB: DEFAULTS.boxVolumeGiB,
      ...props,
      purpose: this.purpose,
      // Its expiry is one of them.
      readsTags: true,
      userData: () => this.userData(props),
    });
    this.role = this.blueprint.role;
    this.grantPrincipal = this.role;
    this.connections = this.blueprint.connections;
  }

  /** Adds to what the box may do. */
  addToPolicy(statement: iam.PolicyStatement): void {
    this.role.addToPolicy(statement);
  }

  /** Lets somebody forward ports and open a shell through boxes, by the documents of AWS, and end their own sessions. */
  grantConnect(grantee: iam.IGrantable): iam.Grant {
    return grantSessions(this, grantee, this.purpose);
  }

  /** Sets a variable of the box's program. */
  addEnvironment(name: string, value: string): void {
    this.environment[name] = value;
  }

  /** Puts a file on the box. */
  addFile(path: string, text: string): void {
    this.files[path] = text;
  }

  private userData({ network, installation, finally: last, ...props }: JumpboxProps): string {
    const install =
      installation === undefined
        ? []
        : [
            installScript({
              ...installation,
              files: { ...installation.files, ...this.files, ...this.boxEnv() },
            }),
          ];
    return renderUserData(agentScript(network.dualStackAgent), [
      expiryScript(props.maxTtlMinutes ?? DEFAULTS.maxTtlMinutes),
      ...install,
      ...(last === undefined ? [] : [last]),
    ]);
  }

  private boxEnv(): Record<string, string> {
    const lines = Object.entries(this.environment).map(([name, value]) => `${name}=${shellQuote(value)}\n`);
    return { [BOX_PATHS.environment]: lines.join('') };
  }
}
