import type { LabContext } from '../context';
import type { AwsCall, AwsReply, Extension, Forward } from '../endpoint/extension';
import { AwsFault } from '../endpoint/fault';
import { withFaults } from '../faults';

const numberOf = (call: AwsCall, name: string): number => Number(call.input[name] ?? 0);

/**
 * The emulator would fill a group with instances that are no boxes. The lab has none to give, so it refuses to try.
 */
function refuseInstances(call: AwsCall): void {
  const wanted = Math.max(numberOf(call, 'DesiredCapacity'), numberOf(call, 'MinSize'));
  if (wanted === 0) return;
  throw new AwsFault(
    'ValidationError',
    `The lab's Auto Scaling launches no instances; ${call.operation} asks for ${wanted}. Keep minimum and desired capacity at 0.`,
  );
}

/** Auto Scaling: groups are records, and stay empty. */
export function autoScalingExtension(context: LabContext): Extension {
  const guarded = (call: AwsCall, forward: Forward): Promise<AwsReply> => {
    refuseInstances(call);
    return forward(call);
  };
  return withFaults(context, {
    service: 'autoscaling',
    operations: {
      CreateAutoScalingGroup: guarded,
      UpdateAutoScalingGroup: guarded,
      SetDesiredCapacity: guarded,
    },
  });
}
