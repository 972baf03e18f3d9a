import type { StepResult } from './steps';

/** States of a command invocation: https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html */
export type InvocationStatus =
  'Pending' | 'InProgress' | 'Cancelling' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelled';

/** One command on one instance. */
export interface Invocation {
  readonly instanceId: string;
  status: InvocationStatus;
  /** The same in more words: `DeliveryTimedOut`, `ExecutionTimedOut`, … */
  details: string;
  startedAt: Date | undefined;
  endedAt: Date | undefined;
  steps: readonly StepResult[];
  cancel: (() => void) | undefined;
}

/** One call of SendCommand. */
export interface Command {
  readonly id: string;
  readonly region: string;
  readonly documentName: string;
  readonly documentVersion: string;
  readonly comment: string;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly instanceIds: readonly string[];
  readonly requestedAt: Date;
  /** How long the agent may take to get the command. */
  readonly deliverySeconds: number;
  /** Delivery and execution together. */
  readonly expiresAt: Date;
  readonly invocations: Map<string, Invocation>;
}

const OVER: readonly InvocationStatus[] = ['Success', 'Failed', 'TimedOut', 'Cancelled'];

/** Whether nothing more will happen to an invocation. */
export const isOver = ({ status }: Invocation): boolean => OVER.includes(status);

/** What the steps of an invocation came to together. */
export function outcomeOf(steps: readonly StepResult[]): Pick<Invocation, 'status' | 'details'> {
  const worst = (['Cancelled', 'TimedOut', 'Failed'] as const).find((status) =>
    steps.some((step) => step.status === status),
  );
  const details = worst === 'TimedOut' ? 'ExecutionTimedOut' : (worst ?? 'Success');
  return { status: worst ?? 'Success', details };
}

/** Status of a command over all its instances. */
function statusOf(command: Command): InvocationStatus {
  const invocations = [...command.invocations.values()];
  if (!invocations.every(isOver))
    return invocations.some(({ startedAt }) => startedAt) ? 'InProgress' : 'Pending';
  const worst = (['Cancelled', 'TimedOut', 'Failed'] as const).find((status) =>
    invocations.some((invocation) => invocation.status === status),
  );
  return worst ?? 'Success';
}

const seconds = (date: Date): number => date.getTime() / 1000;

/** A command as SendCommand and ListCommands return it. */
export function describeCommand(command: Command): Readonly<Record<string, unknown>> {
  const invocations = [...command.invocations.values()];
  const status = statusOf(command);
  return {
    CommandId: command.id,
    DocumentName: command.documentName,
    DocumentVersion: command.documentVersion,
    Comment: command.comment,
    ExpiresAfter: seconds(command.expiresAt),
    Parameters: command.parameters,
    InstanceIds: command.instanceIds,
    Targets: [],
    RequestedDateTime: seconds(command.requestedAt),
    Status: status,
    StatusDetails: status,
    OutputS3BucketName: '',
    OutputS3KeyPrefix: '',
    MaxConcurrency: '50',
    MaxErrors: '0',
    TargetCount: invocations.length,
    CompletedCount: invocations.filter(isOver).length,
    ErrorCount: invocations.filter(({ status: one }) => one === 'Failed' || one === 'TimedOut').length,
    DeliveryTimedOutCount: invocations.filter(({ details }) => details === 'DeliveryTimedOut').length,
    TimeoutSeconds: command.deliverySeconds,
  };
}

/** Characters of output that ListCommandInvocations returns per step. */
const LISTED_CHARACTERS = 2_500;

/** An invocation as ListCommandInvocations returns it. */
export function describeInvocation(command: Command, invocation: Invocation, details: boolean): unknown {
  return {
    CommandId: command.id,
    InstanceId: invocation.instanceId,
    Comment: command.comment,
    DocumentName: command.documentName,
    DocumentVersion: command.documentVersion,
    RequestedDateTime: seconds(command.requestedAt),
    Status: invocation.status,
    StatusDetails: invocation.details,
    CommandPlugins: details
      ? invocation.steps.map((step) => ({
          Name: step.name,
          Status: step.status,
          StatusDetails: step.status,
          ResponseCode: step.responseCode,
          ResponseStartDateTime: seconds(step.startedAt),
          ResponseFinishDateTime: seconds(step.endedAt),
          Output: `${step.stdout}${step.stderr}`.slice(0, LISTED_CHARACTERS),
        }))
      : [],
  };
}

const instant = (date: Date | undefined): string => date?.toISOString() ?? '';

/** An invocation as GetCommandInvocation returns it: one step, or all steps when none is named. */
export function describeResult(
  command: Command,
  invocation: Invocation,
  steps: readonly StepResult[],
): unknown {
  const failed = steps.find(({ responseCode }) => responseCode !== 0);
  const hasEnded = isOver(invocation);
  const durationSeconds =
    invocation.startedAt === undefined || invocation.endedAt === undefined
      ? undefined
      : (invocation.endedAt.getTime() - invocation.startedAt.getTime()) / 1000;
  return {
    CommandId: command.id,
    InstanceId: invocation.instanceId,
    Comment: command.comment,
    DocumentName: command.documentName,
    DocumentVersion: command.documentVersion,
    PluginName: steps.length === 1 ? steps[0]?.name : command.documentName,
    ResponseCode: hasEnded && steps.length > 0 ? (failed?.responseCode ?? 0) : -1,
    ExecutionStartDateTime: instant(invocation.startedAt),
    ExecutionElapsedTime: durationSeconds === undefined ? '' : `PT${durationSeconds}S`,
    ExecutionEndDateTime: instant(invocation.endedAt),
    Status: invocation.status,
    StatusDetails: invocation.details,
    StandardOutputContent: steps.map(({ stdout }) => stdout).join(''),
    StandardOutputUrl: '',
    StandardErrorContent: steps.map(({ stderr }) => stderr).join(''),
    StandardErrorUrl: '',
    CloudWatchOutputConfig: { CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false },
  };
}
