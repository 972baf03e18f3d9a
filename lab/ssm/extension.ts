import type { LabContext } from '../context';
import { boxesOf } from '../ec2/boxes';
import type { AwsCall, AwsReply, Extension } from '../endpoint/extension';
import { jsonReply } from '../endpoint/reply';
import { withFaults } from '../faults';
import { Commands } from './commands';
import { describeInstanceInformation } from './instances';
import { sessionsOf } from './sessions';

/** Systems Manager: the agents of the boxes, Run Command and Session Manager. */
export function ssmExtension(context: LabContext): Extension {
  const boxes = boxesOf(context);
  const commands = new Commands(context);
  const sessions = sessionsOf(context);
  const answer =
    (act: (call: AwsCall) => unknown) =>
    async (call: AwsCall): Promise<AwsReply> =>
      jsonReply(call, await act(call));
  return withFaults(context, {
    service: 'ssm',
    operations: {
      DescribeInstanceInformation: answer(({ region, input }) =>
        describeInstanceInformation(boxes, region, input),
      ),
      SendCommand: answer(({ region, input }) => commands.send(region, input)),
      GetCommandInvocation: answer(({ region, input }) => commands.get(region, input)),
      ListCommands: answer(({ region, input }) => commands.list(region, input)),
      ListCommandInvocations: answer(({ region, input }) => commands.listInvocations(region, input)),
      CancelCommand: answer(({ region, input }) => commands.cancel(region, input)),
      StartSession: answer((call) => sessions.start(call)),
      ResumeSession: answer((call) => sessions.resume(call)),
      TerminateSession: answer(({ input }) => sessions.terminate(input)),
      DescribeSessions: answer(({ input }) => sessions.describe(input)),
    },
    stop: async () => {
      commands.close();
      await sessions.close();
    },
  });
}
