import type { EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeInstancesCommand,
  RunInstancesCommand,
  type Instance,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ComputeLab } from './compute-lab';

/** Public parameter of the standard arm64 image. */
export const IMAGE = 'resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64';

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Makes a role, and an instance profile of the same name around it. */
export async function makeRole(lab: ComputeLab, name: string): Promise<string> {
  const iam = new IAMClient(lab.access);
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: name,
      AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}',
    }),
  );
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
  iam.destroy();
  return Role?.Arn ?? '';
}

/** Launches one box as the product's templates do: instance profile, IMDSv2, tags in metadata, ends when powered off. */
export async function launch(
  ec2: EC2Client,
  profile: string,
  userData: string,
  more: Partial<RunInstancesCommandInput> = {},
): Promise<string> {
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId: IMAGE,
      InstanceType: 't4g.micro',
      MinCount: 1,
      MaxCount: 1,
      IamInstanceProfile: { Name: profile },
      UserData: base64(userData),
      InstanceInitiatedShutdownBehavior: 'terminate',
      MetadataOptions: { HttpTokens: 'required', InstanceMetadataTags: 'enabled' },
      ...more,
    }),
  );
  return Instances?.[0]?.InstanceId ?? '';
}

/** One instance as EC2 describes it. */
export async function describe(ec2: EC2Client, instanceId: string): Promise<Instance> {
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
  return Reservations?.[0]?.Instances?.[0] ?? {};
}

/** Asks again and again until an answer is there; the test's own time limit ends it. */
export async function eventually<T>(ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(50);
  }
}

/** Waits until an instance is in a state. */
export const inState = (ec2: EC2Client, instanceId: string, state: string): Promise<Instance> =>
  eventually(async () => {
    const instance = await describe(ec2, instanceId);
    return instance.State?.Name === state ? instance : undefined;
  });
