import type { LabContext } from '../context';
import type { AwsCall, AwsReply, Extension, Forward } from '../endpoint/extension';
import { withFaults } from '../faults';
import { schedulesOf } from './schedules';

const nameOf = (call: AwsCall, member: string): string => {
  const value = call.input[member];
  return typeof value === 'string' ? decodeURIComponent(value) : '';
};

/** Group of a call that names it in the query string (`groupName`) or in the body. */
const groupOf = (call: AwsCall): unknown => call.input.GroupName ?? call.input.groupName;

/** EventBridge Scheduler: the emulator keeps the schedules, the lab follows them. */
export function schedulerExtension(context: LabContext): Extension {
  const schedules = schedulesOf(context);
  const keep = async (call: AwsCall, forward: Forward): Promise<AwsReply> => {
    const name = nameOf(call, 'Name');
    schedules.check(call.region, name, call.input);
    const reply = await forward(call);
    if (reply.status === 200) schedules.set(call.region, name, call.input);
    return reply;
  };
  return withFaults(context, {
    service: 'scheduler',
    operations: {
      CreateSchedule: keep,
      UpdateSchedule: keep,
      DeleteSchedule: async (call, forward) => {
        const reply = await forward(call);
        if (reply.status === 200) schedules.delete(call.region, groupOf(call), nameOf(call, 'Name'));
        return reply;
      },
      DeleteScheduleGroup: async (call, forward) => {
        const reply = await forward(call);
        if (reply.status === 200) schedules.deleteGroup(call.region, nameOf(call, 'Name'));
        return reply;
      },
    },
    stop: () => {
      schedules.close();
      return Promise.resolve();
    },
  });
}
