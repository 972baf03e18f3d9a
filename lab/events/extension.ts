import type { LabContext } from '../context';
import type { AwsCall, AwsReply, Extension, Forward } from '../endpoint/extension';
import { withFaults } from '../faults';
import { busOf } from './bus';

/** EventBridge: the emulator keeps the rules, the lab follows them. */
export function eventsExtension(context: LabContext): Extension {
  const bus = busOf(context);
  const keeping =
    (keep: (call: AwsCall, name: string) => void) =>
    async (call: AwsCall, forward: Forward): Promise<AwsReply> => {
      keep(call, String(call.input.Rule ?? call.input.Name));
      return forward(call);
    };
  return withFaults(context, {
    service: 'events',
    operations: {
      PutRule: keeping(({ region, input }, name) => {
        bus.put(region, name, input);
      }),
      PutTargets: keeping(({ region, input }, name) => {
        bus.putTargets(region, name, input.Targets);
      }),
      RemoveTargets: keeping(({ region, input }, name) => {
        bus.removeTargets(region, name, input.Ids as string[]);
      }),
      DeleteRule: keeping(({ region }, name) => {
        bus.delete(region, name);
      }),
    },
  });
}
