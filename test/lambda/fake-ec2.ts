import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  type DescribeInstancesCommandOutput,
  EC2Client,
  type Instance,
  type InstanceStateName,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { TAGS } from '../../contract/tags';
import type { FakeClock } from './fake-clock';

/** An error as the SDK throws it: its name is the code. */
export function awsError(code: string, message = `${code} was injected`): Error {
  return Object.assign(new Error(message), { name: code });
}

/** What a test may say about an instance. */
export interface Given {
  readonly id?: string;
  readonly state?: InstanceStateName;
  readonly tags?: Readonly<Record<string, string>>;
  readonly launchedAt?: Date;
}

interface Machine extends Instance {
  InstanceId: string;
  State: { Name: InstanceStateName };
  Tags: { Key: string; Value: string }[];
  token?: string;
  parameters?: string;
  /** Looks for which it stays invisible: eventual consistency. */
  hidden: number;
  /** Looks for which it says shutting-down before it says terminated. */
  endingLooks: number;
}

/** The EC2 of one account, as far as the lifecycle functions can tell. */
export class FakeEc2 {
  readonly machines = new Map<string, Machine>();
  readonly client: EC2Client;
  readonly launches: RunInstancesCommandInput[] = [];
  readonly terminations: string[] = [];
  describes = 0;
  /** Throws what a launch at this place meets. */
  onLaunch: (input: RunInstancesCommandInput) => void = () => undefined;
  /** Throws what terminating this instance meets. */
  onTerminate: (id: string) => void = () => undefined;
  /** Looks for which a launched instance stays invisible. */
  hideLaunched = 0;
  /** Looks for which a terminated one still says shutting-down. */
  endingLooks = 1;
  private tokens = new Map<string, Machine>();
  private count = 0;

  constructor(private readonly clock: FakeClock) {
    this.client = new EC2Client({ region: 'eu-central-1' });
    const mock = mockClient(this.client);
    mock
      .on(DescribeInstancesCommand)
      .callsFake((input: DescribeInstancesCommandInput) => this.describe(input));
    mock.on(RunInstancesCommand).callsFake((input: RunInstancesCommandInput) => this.run(input));
    mock.on(TerminateInstancesCommand).callsFake(({ InstanceIds = [] }: { InstanceIds?: string[] }) => {
      for (const id of InstanceIds) this.terminate(id);
      return {};
    });
    mock
      .on(CreateTagsCommand)
      .callsFake(({ Resources = [], Tags = [] }: { Resources?: string[]; Tags?: Machine['Tags'] }) => {
        for (const id of Resources) for (const tag of Tags) this.tag(id, tag.Key, tag.Value);
        return {};
      });
  }

  /** Puts an instance there. */
  add(given: Given = {}): string {
    const id = given.id ?? this.nextId();
    this.machines.set(id, {
      InstanceId: id,
      State: { Name: given.state ?? 'running' },
      LaunchTime: given.launchedAt ?? this.clock.now(),
      Tags: Object.entries(given.tags ?? {}).map(([Key, Value]) => ({ Key, Value })),
      hidden: 0,
      endingLooks: 0,
    });
    return id;
  }

  machine(id: string): Machine {
    const machine = this.machines.get(id);
    if (machine === undefined) throw awsError('InvalidInstanceID.NotFound', `no ${id}`);
    return machine;
  }

  state(id: string): string {
    return this.machine(id).State.Name;
  }

  tagOf(id: string, key: string): string | undefined {
    return this.machine(id).Tags.find(({ Key }) => Key === key)?.Value;
  }

  tag(id: string, key: string, value: string): void {
    const machine = this.machine(id);
    machine.Tags = [...machine.Tags.filter(({ Key }) => Key !== key), { Key: key, Value: value }];
  }

  /** EC2 forgets a terminated instance after about an hour, its client token later. */
  forget(id: string): void {
    this.machines.delete(id);
  }

  private nextId(): string {
    this.count += 1;
    return `i-${this.count.toString(16).padStart(17, '0')}`;
  }

  private describe(input: DescribeInstancesCommandInput): Partial<DescribeInstancesCommandOutput> {
    this.describes += 1;
    const matching = [...this.machines.values()].filter((machine) => this.seen(machine, input));
    const from = Number(input.NextToken ?? 0);
    const to = from + (input.MaxResults ?? 1000);
    const Instances = matching.slice(from, to).map((machine) => structuredClone(machine));
    for (const machine of matching.slice(from, to)) this.age(machine);
    return {
      Reservations: Instances.map((instance) => ({ Instances: [instance] })),
      ...(to < matching.length ? { NextToken: String(to) } : {}),
    };
  }

  private seen(machine: Machine, { Filters = [] }: DescribeInstancesCommandInput): boolean {
    if (Filters.length === 0) throw awsError('InvalidParameterValue', 'a look at the whole account');
    const fits = Filters.every(({ Name = '', Values = [] }) => {
      if (Values.length > 200) throw awsError('FilterLimitExceeded');
      if (Name === 'instance-id') return Values.includes(machine.InstanceId);
      if (!Name.startsWith('tag:')) throw awsError('InvalidParameterValue', `filter ${Name}`);
      return machine.Tags.some(({ Key, Value }) => Key === Name.slice(4) && Values.includes(Value));
    });
    if (!fits || machine.hidden === 0) return fits;
    machine.hidden -= 1;
    return false;
  }

  private age(machine: Machine): void {
    if (machine.State.Name === 'pending') machine.State = { Name: 'running' };
    else if (machine.State.Name === 'shutting-down') {
      if (machine.endingLooks === 0) machine.State = { Name: 'terminated' };
      else machine.endingLooks -= 1;
    }
  }

  private run(input: RunInstancesCommandInput): { Instances: Machine[] } {
    this.launches.push(input);
    const { ClientToken: token = '', TagSpecifications = [] } = input;
    const parameters = JSON.stringify(input);
    const earlier = this.tokens.get(token);
    if (earlier !== undefined) {
      if (earlier.parameters !== parameters) throw awsError('IdempotentParameterMismatch');
      return { Instances: [structuredClone(earlier)] };
    }
    this.onLaunch(input);
    const tags = TagSpecifications.find(({ ResourceType }) => ResourceType === 'instance')?.Tags ?? [];
    const id = this.add({ state: 'pending' });
    for (const { Key = '', Value = '' } of tags) this.tag(id, Key, Value);
    const machine = Object.assign(this.machine(id), { token, parameters, hidden: this.hideLaunched });
    this.tokens.set(token, machine);
    return { Instances: [structuredClone(machine)] };
  }

  private terminate(id: string): void {
    this.terminations.push(id);
    this.onTerminate(id);
    const machine = this.machine(id);
    if (machine.State.Name === 'terminated') return;
    machine.State = { Name: 'shutting-down' };
    machine.endingLooks = this.endingLooks;
  }
}

/** The stack of the tests. */
export const STACK = 'arn:aws:cloudformation:eu-central-1:111122223333:stack/drawbridge/1';

/** Tags of a box of {@link STACK}; `undefined` leaves one out. */
export function boxTags(given: {
  readonly purpose?: string | undefined;
  readonly expiresAt?: string | undefined;
  readonly requestId?: string;
  readonly stackId?: string;
}): Record<string, string> {
  const tags = {
    [TAGS.stack]: given.stackId ?? STACK,
    [TAGS.purpose]: 'purpose' in given ? given.purpose : 'access',
    [TAGS.expiresAt]: given.expiresAt,
    [TAGS.requestId]: given.requestId,
  };
  return Object.fromEntries(
    Object.entries(tags).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
