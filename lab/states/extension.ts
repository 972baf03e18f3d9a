import type { LabContext } from '../context';
import type { AwsCall, AwsReply, Extension } from '../endpoint/extension';
import { jsonReply } from '../endpoint/reply';
import { withFaults } from '../faults';
import { Stopped } from './errors';
import { machinesOf } from './machines';

const words = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Step Functions: runs the definitions that were deployed. The emulator takes no part. */
export function statesExtension(context: LabContext): Extension {
  const machines = machinesOf(context);
  const answer =
    (act: (input: AwsCall['input'], region: string) => unknown) =>
    async (call: AwsCall): Promise<AwsReply> =>
      jsonReply(call, await act(call.input, call.region));
  return withFaults(context, {
    service: 'states',
    operations: {
      CreateStateMachine: answer((input, region) => machines.create(region, input)),
      UpdateStateMachine: answer((input) => machines.update(input)),
      DeleteStateMachine: answer((input) => machines.delete(input)),
      DescribeStateMachine: answer((input) => machines.describeMachine(input)),
      ListStateMachines: answer((_, region) => machines.listMachines(region)),
      StartExecution: answer((input) => {
        const { arn, startDate } = machines.start(input.stateMachineArn, input.name, words(input.input));
        return { executionArn: arn, startDate: startDate.getTime() / 1000 };
      }),
      StopExecution: answer((input) => {
        const execution = machines.execution(input.executionArn);
        execution.stop(new Stopped('ABORTED', words(input.error), words(input.cause)));
        return { stopDate: Date.now() / 1000 };
      }),
      DescribeExecution: answer((input) => machines.execution(input.executionArn).describe()),
      ListExecutions: answer(({ stateMachineArn, statusFilter }) => ({
        executions: machines.list(stateMachineArn, statusFilter).map((one) => {
          const { executionArn, name, status, startDate, stopDate } = one.describe();
          return { executionArn, stateMachineArn, name, status, startDate, stopDate };
        }),
      })),
      GetExecutionHistory: answer(({ executionArn, reverseOrder, maxResults, nextToken }) => {
        const { history } = machines.execution(executionArn);
        const events = reverseOrder === true ? [...history].reverse() : history;
        const from = Number(nextToken ?? 0);
        const to = from + (typeof maxResults === 'number' && maxResults > 0 ? maxResults : 100);
        return {
          events: events.slice(from, to),
          ...(to < events.length ? { nextToken: String(to) } : {}),
        };
      }),
    },
    stop: () => machines.close(),
  });
}
