import { DescribeInstancesCommand, DescribeTagsCommand, EC2Client, type Instance } from '@aws-sdk/client-ec2';
import { GetInstanceProfileCommand, IAMClient } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { emulatorAccess } from '../clients';
import type { LabContext } from '../context';

/** What does not change while an instance lives. */
export interface InstanceFacts {
  readonly imageId: string;
  readonly instanceType: string;
  readonly architecture: string;
  readonly availabilityZone: string;
  readonly privateDnsName: string;
  readonly privateIp: string;
  readonly subnetId: string;
  readonly vpcId: string;
  readonly launchedAt: Date;
}

/** The role of an instance's profile. */
export interface InstanceRole {
  readonly name: string;
  readonly arn: string;
  readonly instanceProfileArn: string;
  readonly instanceProfileId: string;
}

/** Temporary credentials of a role. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** Reads what the emulator's EC2 and IAM know of one instance. */
export class InstanceRecords {
  private readonly ec2: EC2Client;
  private readonly iam: IAMClient;
  private readonly sts: STSClient;

  constructor(
    context: LabContext,
    region: string,
    private readonly instanceId: string,
  ) {
    const access = emulatorAccess(context, region);
    this.ec2 = new EC2Client(access);
    this.iam = new IAMClient(access);
    this.sts = new STSClient(access);
  }

  close(): void {
    for (const client of [this.ec2, this.iam, this.sts]) client.destroy();
  }

  async describe(): Promise<InstanceFacts> {
    const found = await this.instance();
    return {
      imageId: found.ImageId ?? '',
      instanceType: found.InstanceType ?? '',
      // Graviton families carry a g after their generation: t4g, m7gd, …
      architecture: /^[a-z]+\d+g/.test(found.InstanceType ?? '') ? 'arm64' : 'x86_64',
      availabilityZone: found.Placement?.AvailabilityZone ?? '',
      privateDnsName: found.PrivateDnsName ?? '',
      privateIp: found.PrivateIpAddress ?? '',
      subnetId: found.SubnetId ?? '',
      vpcId: found.VpcId ?? '',
      launchedAt: found.LaunchTime ?? new Date(),
    };
  }

  async metadataOptions(): Promise<{
    httpTokens: string;
    httpEndpoint: string;
    instanceMetadataTags: string;
  }> {
    const options = (await this.instance()).MetadataOptions;
    return {
      httpTokens: options?.HttpTokens ?? 'optional',
      httpEndpoint: options?.HttpEndpoint ?? 'enabled',
      instanceMetadataTags: options?.InstanceMetadataTags ?? 'disabled',
    };
  }

  /** Ids of the disks and interfaces that go with it. */
  async parts(): Promise<string[]> {
    const { BlockDeviceMappings = [], NetworkInterfaces = [] } = await this.instance();
    const disks = BlockDeviceMappings.map(({ Ebs }) => Ebs?.VolumeId);
    const interfaces = NetworkInterfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
    return [...disks, ...interfaces].filter((id) => id !== undefined);
  }

  async tags(): Promise<Readonly<Record<string, string>>> {
    const filter = { Name: 'resource-id', Values: [this.instanceId] };
    const { Tags = [] } = await this.ec2.send(new DescribeTagsCommand({ Filters: [filter] }));
    return Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value]));
  }

  /** The role of the instance's profile; undefined when it has none. */
  async role(): Promise<InstanceRole | undefined> {
    const arn = (await this.instance()).IamInstanceProfile?.Arn;
    if (arn === undefined) return undefined;
    const name = arn.split('/').at(-1) ?? '';
    const { InstanceProfile } = await this.iam.send(
      new GetInstanceProfileCommand({ InstanceProfileName: name }),
    );
    const role = InstanceProfile?.Roles?.[0];
    if (role?.RoleName === undefined || role.Arn === undefined) return undefined;
    return {
      name: role.RoleName,
      arn: role.Arn,
      instanceProfileArn: arn,
      instanceProfileId: InstanceProfile?.InstanceProfileId ?? '',
    };
  }

  /** EC2 names the role session after the instance. */
  async assume(roleArn: string): Promise<RoleCredentials> {
    const { Credentials: keys } = await this.sts.send(
      new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: this.instanceId }),
    );
    const issuedAt = new Date();
    return {
      accessKeyId: keys?.AccessKeyId ?? '',
      secretAccessKey: keys?.SecretAccessKey ?? '',
      sessionToken: keys?.SessionToken ?? '',
      issuedAt,
      expiresAt: keys?.Expiration ?? new Date(issuedAt.getTime() + 3_600_000),
    };
  }

  private async instance(): Promise<Instance> {
    const { Reservations } = await this.ec2.send(
      new DescribeInstancesCommand({ InstanceIds: [this.instanceId] }),
    );
    const found = Reservations?.[0]?.Instances?.[0];
    if (found === undefined) throw new Error(`The emulator has no instance ${this.instanceId}.`);
    return found;
  }
}
