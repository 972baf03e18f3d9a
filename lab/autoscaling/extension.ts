import XMLBuilder from 'fast-xml-builder';
import { XMLParser } from 'fast-xml-parser';
import type { LabContext } from '../context';
import { withInput } from '../endpoint/call';
import type { AwsCall, AwsReply, Extension, Forward } from '../endpoint/extension';
import { queryReply } from '../endpoint/reply';
import { withFaults } from '../faults';
import { Groups } from './groups';

const OPTIONS = { ignoreAttributes: false, suppressEmptyNode: false } as const;
const parser = new XMLParser({
  ...OPTIONS,
  parseTagValue: false,
  isArray: (name: string) => name === 'member',
  ignoreDeclaration: true,
});
const builder = new XMLBuilder(OPTIONS);

interface Described {
  DescribeAutoScalingGroupsResponse?: {
    DescribeAutoScalingGroupsResult?: { AutoScalingGroups?: { member?: Record<string, unknown>[] } | string };
  };
}

/** The emulator's record with an empty group: it would fill one with instances that are no boxes. */
function emptied(call: AwsCall): AwsCall {
  const sizes = ['MinSize', 'DesiredCapacity'].filter((name) => name in call.input);
  return withInput(call, { ...call.input, ...Object.fromEntries(sizes.map((name) => [name, '0'])) });
}

/** What the emulator says of groups, with the sizes and instances that they have here. */
function described(groups: Groups, reply: AwsReply): AwsReply {
  const answer = parser.parse(reply.body) as Described;
  const list = answer.DescribeAutoScalingGroupsResponse?.DescribeAutoScalingGroupsResult?.AutoScalingGroups;
  for (const one of typeof list === 'object' ? (list.member ?? []) : []) {
    const group = groups.get(String(one.AutoScalingGroupName));
    if (group === undefined) continue;
    one.MinSize = group.min;
    one.DesiredCapacity = group.desired;
    one.Instances = {
      member: [...group.members].map((InstanceId) => ({
        InstanceId,
        LifecycleState: 'InService',
        HealthStatus: 'Healthy',
        ProtectedFromScaleIn: 'false',
      })),
    };
  }
  return { ...reply, body: Buffer.from(builder.build(answer)) };
}

/** Auto Scaling: the emulator keeps the records, the instances are boxes. */
export function autoScalingExtension(context: LabContext): Extension {
  const groups = new Groups(context);
  const recorded =
    (act: (call: AwsCall) => void) =>
    async (call: AwsCall, forward: Forward): Promise<AwsReply> => {
      const reply = await forward(emptied(call));
      if (reply.status === 200) act(call);
      return reply;
    };
  return withFaults(context, {
    service: 'autoscaling',
    operations: {
      CreateAutoScalingGroup: recorded((call) => {
        groups.create(call);
      }),
      UpdateAutoScalingGroup: recorded((call) => {
        groups.update(call);
      }),
      SetDesiredCapacity: (call) => {
        groups.setDesired(call);
        return Promise.resolve(queryReply(call));
      },
      TerminateInstanceInAutoScalingGroup: async (call) => {
        const name = await groups.terminate(call);
        return queryReply(call, {
          Activity: {
            ActivityId: `${name}-${Date.now()}`,
            AutoScalingGroupName: name,
            Cause: 'at the request of a user',
            StartTime: new Date().toISOString(),
            StatusCode: 'InProgress',
          },
        });
      },
      DescribeAutoScalingGroups: async (call, forward) => described(groups, await forward(call)),
      DeleteAutoScalingGroup: async (call, forward) => {
        await groups.delete(call);
        return forward(call);
      },
    },
    stop: () => {
      groups.close();
      return Promise.resolve();
    },
  });
}
