import { Aws, Lazy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';
import { TAGS } from '../contract/tags';
import type { BoxNetwork } from './box-network';
import { largestSize, USER_DATA_BYTES } from './user-data';

/** Standard, not minimal: only this image brings the SSM agent. Resolved at launch, so that it is always patched. */
const IMAGE = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64';

/** What the Systems Manager agent does in the name of its instance. */
export const AGENT_ACTIONS: readonly string[] = [
  'ssm:UpdateInstanceInformation',
  'ssmmessages:CreateControlChannel',
  'ssmmessages:CreateDataChannel',
  'ssmmessages:OpenControlChannel',
  'ssmmessages:OpenDataChannel',
];

/** What the agent does to record a shell. */
export const RECORDING_ACTIONS = {
  /** On the log group. */
  group: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
  /** It looks whether the group is encrypted; the action knows no narrower resource. */
  all: ['logs:DescribeLogGroups'],
};

/** Properties of {@link InstanceBlueprint}. */
export interface InstanceBlueprintProps {
  readonly network: BoxNetwork;
  /** Prefix of the name that the console shows. */
  readonly name: string;
  /** Value of the purpose tag. */
  readonly purpose: string;
  /**
   * Intake source whose instances these are.
   *
   * @defaultValue none
   */
  readonly source?: string;
  /** arm64. */
  readonly instanceType: string;
  readonly volumeGiB: number;
  /**
   * Whether an instance sees its own tags. EC2 then refuses a launch with tags whose keys have spaces or slashes, as whoever
   * deploys may have them put on everything: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html
   */
  readonly readsTags: boolean;
  /** Called once, when the template is synthesized. */
  readonly userData: () => string;
}

/**
 * Role, security group and launch template of instances that have no open port, no key pair, no public address but
 * what their subnet may give, and are reached through Systems Manager only.
 */
export class InstanceBlueprint extends Construct implements ec2.IConnectable, iam.IGrantable {
  readonly role: iam.Role;
  readonly grantPrincipal: iam.IPrincipal;
  readonly securityGroup: ec2.SecurityGroup;
  readonly connections: ec2.Connections;
  readonly launchTemplate: ec2.LaunchTemplate;

  constructor(scope: Construct, id: string, props: InstanceBlueprintProps) {
    super(scope, id);
    this.role = agentRole(this, props.purpose);
    this.grantPrincipal = this.role;
    this.securityGroup = outboundGroup(this, props);
    this.connections = this.securityGroup.connections;
    this.launchTemplate = this.addLaunchTemplate(props);
    this.node.addValidation({ validate: () => sizeProblems(props) });
  }

  /** The template alone: once it is gone, nothing can be launched from it. */
  get template(): IConstruct {
    return child(this.launchTemplate, 'Resource');
  }

  /** What instances need as long as they live. */
  get held(): IConstruct[] {
    return [this.role, this.securityGroup, child(this.launchTemplate, 'Profile')];
  }

  private addLaunchTemplate(props: InstanceBlueprintProps): ec2.LaunchTemplate {
    const template = new ec2.LaunchTemplate(this, 'Template', {
      machineImage: ec2.MachineImage.resolveSsmParameterAtLaunch(IMAGE),
      instanceType: new ec2.InstanceType(props.instanceType),
      role: this.role,
      securityGroup: this.securityGroup,
      requireImdsv2: true,
      httpPutResponseHopLimit: 1,
      ...(props.readsTags ? { instanceMetadataTags: true } : {}),
      instanceInitiatedShutdownBehavior: ec2.InstanceInitiatedShutdownBehavior.TERMINATE,
      blockDevices: [{ deviceName: '/dev/xvda', volume: rootVolume(props.volumeGiB) }],
      userData: ec2.UserData.custom(Lazy.string({ produce: props.userData })),
    });
    // Network interfaces do not inherit the instance's tags, and CDK tags instances and volumes only.
    (template.node.defaultChild as ec2.CfnLaunchTemplate).addPropertyOverride(
      'LaunchTemplateData.TagSpecifications',
      ['instance', 'volume', 'network-interface'].map((type) => ({
        ResourceType: type,
        Tags: tagsOf(props),
      })),
    );
    return template;
  }
}

const child = (construct: IConstruct, id: string): IConstruct => construct.node.findChild(id);

/** Not AmazonSSMManagedInstanceCore, which also reads every parameter of the account. */
function agentRole(scope: Construct, purpose: string): iam.Role {
  const role = new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
    description: `Instances with the purpose ${purpose}`,
  });
  role.addToPolicy(
    new iam.PolicyStatement({
      sid: 'SystemsManagerAgent',
      actions: [...AGENT_ACTIONS],
      resources: ['*'],
    }),
  );
  return role;
}

function outboundGroup(scope: Construct, { network, purpose }: InstanceBlueprintProps): ec2.SecurityGroup {
  const group = new ec2.SecurityGroup(scope, 'SecurityGroup', {
    vpc: network.vpc,
    description: `Instances with the purpose ${purpose}: nothing in`,
    allowAllOutbound: false,
  });
  network.letOut(group);
  return group;
}

function rootVolume(volumeGiB: number): ec2.BlockDeviceVolume {
  return ec2.BlockDeviceVolume.ebs(volumeGiB, {
    encrypted: true,
    volumeType: ec2.EbsDeviceVolumeType.GP3,
    deleteOnTermination: true,
  });
}

function tagsOf({ name, purpose, source }: InstanceBlueprintProps): { Key: string; Value: string }[] {
  return [
    { Key: TAGS.name, Value: [name, purpose, source].filter(Boolean).join('-') },
    { Key: TAGS.purpose, Value: purpose },
    { Key: TAGS.stack, Value: Aws.STACK_ID },
    ...(source === undefined ? [] : [{ Key: TAGS.source, Value: source }]),
  ];
}

function sizeProblems({ purpose, userData }: InstanceBlueprintProps): string[] {
  const size = largestSize(userData());
  if (size <= USER_DATA_BYTES) return [];
  return [
    `The user data of ${purpose} instances could reach ${size} bytes; EC2 accepts ${USER_DATA_BYTES}. ` +
      'Give fewer certificates in databaseCa: the root alone is enough when the server sends its chain.',
  ];
}
