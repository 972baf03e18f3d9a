import { CreateTagsCommand, EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import type { LabContext } from '../context';
import { boxesOf, type Boxes } from '../ec2/boxes';
import { structuresOf } from '../endpoint/call';
import type { AwsCall } from '../endpoint/extension';
import { AwsFault } from '../endpoint/fault';

/** Milliseconds until a lost instance is replaced; AWS's health checks take longer. */
const REPLACE_MS = 1_000;

/** A group and the instances that it keeps. */
export interface Group {
  readonly region: string;
  template: { readonly LaunchTemplateId: string; readonly Version: string };
  subnets: readonly string[];
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  min: number;
  max: number;
  desired: number;
  readonly members: Set<string>;
}

const has = (call: AwsCall, name: string): boolean => call.input[name] !== undefined;
const text = (call: AwsCall, name: string): string => {
  const value = call.input[name];
  return typeof value === 'string' ? value : '';
};
const count = (call: AwsCall, name: string, otherwise: number): number =>
  has(call, name) ? Number(text(call, name)) : otherwise;

/**
 * Auto Scaling groups that keep as many boxes as they are told to.
 * Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Operations.html
 */
export class Groups {
  private readonly groups = new Map<string, Group>();
  private readonly boxes: Boxes;
  private isClosed = false;

  constructor(private readonly context: LabContext) {
    this.boxes = boxesOf(context);
  }

  get(name: string): Group | undefined {
    return this.groups.get(name);
  }

  create(call: AwsCall): void {
    const min = count(call, 'MinSize', 0);
    const group: Group = {
      region: call.region,
      template: templateOf(call),
      subnets: text(call, 'VPCZoneIdentifier').split(','),
      tags: structuresOf(call.input, 'Tags')
        // Names that begin so are AWS's: the emulator takes them from nobody.
        .filter(({ Key = '', PropagateAtLaunch }) => PropagateAtLaunch === 'true' && !Key.startsWith('aws:'))
        .map(({ Key = '', Value = '' }) => ({ Key, Value })),
      min,
      max: count(call, 'MaxSize', 0),
      desired: count(call, 'DesiredCapacity', min),
      members: new Set(),
    };
    this.groups.set(text(call, 'AutoScalingGroupName'), group);
    this.reconcile(group);
  }

  update(call: AwsCall): void {
    const group = this.find(call);
    if (has(call, 'LaunchTemplate.LaunchTemplateId')) group.template = templateOf(call);
    if (has(call, 'VPCZoneIdentifier')) group.subnets = text(call, 'VPCZoneIdentifier').split(',');
    group.min = count(call, 'MinSize', group.min);
    group.max = count(call, 'MaxSize', group.max);
    const wanted = count(call, 'DesiredCapacity', group.desired);
    group.desired = Math.min(group.max, Math.max(group.min, wanted));
    this.reconcile(group);
  }

  /** @throws AwsFault for a capacity outside the group's limits */
  setDesired(call: AwsCall): void {
    const group = this.find(call);
    const wanted = count(call, 'DesiredCapacity', 0);
    const limit = wanted > group.max ? `above max value ${group.max}` : `below min value ${group.min}`;
    if (wanted > group.max || wanted < group.min)
      throw new AwsFault(
        'ValidationError',
        `New SetDesiredCapacity value ${wanted} is ${limit} for the AutoScalingGroup.`,
      );
    group.desired = wanted;
    this.reconcile(group);
  }

  /** Ends one instance of a group, which then wants one less or launches another. */
  async terminate(call: AwsCall): Promise<string> {
    const instanceId = text(call, 'InstanceId');
    const found = [...this.groups].find(([, { members }]) => members.has(instanceId));
    if (found === undefined)
      throw new AwsFault(
        'ValidationError',
        `Instance Id not found - No managed instance found for instance ID: ${instanceId}`,
      );
    const [name, group] = found;
    if (text(call, 'ShouldDecrementDesiredCapacity') === 'true') {
      if (group.desired <= group.min)
        throw new AwsFault(
          'ValidationError',
          `Currently, desiredSize equals minSize (${group.min}). Terminating instance without replacement will violate group's min size constraint.`,
        );
      group.desired -= 1;
    }
    group.members.delete(instanceId);
    this.end(instanceId);
    await Promise.resolve();
    return name;
  }

  /** Ends what a group keeps, and forgets it. */
  async delete(call: AwsCall): Promise<void> {
    const name = text(call, 'AutoScalingGroupName');
    const group = this.groups.get(name);
    if (group === undefined) return;
    if (group.members.size > 0 && text(call, 'ForceDelete') !== 'true')
      throw new AwsFault(
        'ResourceInUse',
        'You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.',
      );
    group.desired = 0;
    this.groups.delete(name);
    await Promise.all([...group.members].map((id) => this.boxes.terminate(id, false)));
  }

  close(): void {
    this.isClosed = true;
  }

  private find(call: AwsCall): Group {
    const group = this.groups.get(text(call, 'AutoScalingGroupName'));
    if (group !== undefined) return group;
    throw new AwsFault('ValidationError', 'AutoScalingGroup name not found - null');
  }

  private end(instanceId: string): void {
    this.boxes.terminate(instanceId, false).catch((error: unknown) => {
      this.context.log(`autoscaling: ending ${instanceId} failed in the lab: ${String(error)}`);
    });
  }

  /** Launches what is missing and ends what is too much, after the call has been answered. */
  private reconcile(group: Group): void {
    if (this.isClosed) return;
    const tooMany = [...group.members].slice(group.desired);
    for (const id of tooMany) {
      group.members.delete(id);
      this.end(id);
    }
    if (group.members.size >= group.desired) return;
    this.launch(group).catch((error: unknown) => {
      this.context.log(`autoscaling: a launch failed: ${String(error)}`);
    });
  }

  private async launch(group: Group): Promise<void> {
    // By the lab's own address, so that the launch is like any other.
    const ec2 = new EC2Client({
      endpoint: this.context.endpoint,
      region: group.region,
      credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
    });
    try {
      const [SubnetId] = group.subnets;
      const { Instances = [] } = await ec2.send(
        new RunInstancesCommand({ LaunchTemplate: group.template, SubnetId, MinCount: 1, MaxCount: 1 }),
      );
      const instanceId = Instances[0]?.InstanceId ?? '';
      group.members.add(instanceId);
      if (group.tags.length > 0)
        await ec2.send(new CreateTagsCommand({ Resources: [instanceId], Tags: [...group.tags] }));
      this.boxes.get(instanceId)?.onGoingDown(() => {
        group.members.delete(instanceId);
        setTimeout(() => {
          this.reconcile(group);
        }, REPLACE_MS).unref();
      });
      this.reconcile(group);
    } finally {
      ec2.destroy();
    }
  }
}

const templateOf = (call: AwsCall): Group['template'] => ({
  LaunchTemplateId: text(call, 'LaunchTemplate.LaunchTemplateId'),
  Version: text(call, 'LaunchTemplate.Version'),
});
