import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { LabContext } from '../context';
import { boxesOf, type Boxes } from '../ec2/boxes';
import { AwsFault } from '../endpoint/fault';
import {
  describeCommand,
  describeInvocation,
  describeResult,
  isOver,
  outcomeOf,
  type Command,
  type Invocation,
} from './command-record';
import { workOf } from '../work';
import { Documents, type SsmDocument } from './documents';
import { targetsOf } from './instances';
import { pageOf } from './paging';
import { checkParameters, type CheckedParameters } from './parameters';
import { DocumentRun } from './steps';

type Input = Readonly<Record<string, unknown>>;

const sendInput = z.object({
  DocumentName: z.string(),
  DocumentVersion: z.string().optional(),
  Parameters: z.record(z.string(), z.array(z.string())).default({}),
  Comment: z.string().max(100).default(''),
  TimeoutSeconds: z.int().min(30).max(2_592_000).default(3600),
});

/** Ways of keeping a command's output that the lab does not have: it says so instead of dropping the output. */
const UNSUPPORTED = ['OutputS3BucketName', 'CloudWatchOutputConfig', 'NotificationConfig'];

function readSend(input: Input): z.infer<typeof sendInput> {
  const parsed = sendInput.safeParse(input);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new AwsFault('ValidationException', problems.join('; '));
  }
  const asked = UNSUPPORTED.filter((name) => input[name] !== undefined);
  if (asked.length > 0) {
    throw new AwsFault('ValidationException', `The lab's Run Command does not know ${asked.join(', ')}.`);
  }
  return parsed.data;
}

/** The longest that the steps of a document may take, in seconds. */
function executionSeconds(document: SsmDocument): number {
  const spans = document.content.mainSteps.map(({ inputs }) => Number(inputs.timeoutSeconds) || 3600);
  return spans.reduce((sum, span) => sum + span, 0);
}

/** Run Command: sends documents to boxes and keeps what they came to. */
export class Commands {
  private readonly boxes: Boxes;
  private readonly documents: Documents;
  private readonly commands = new Map<string, Command>();
  private readonly alarms = new Set<NodeJS.Timeout>();

  constructor(private readonly context: LabContext) {
    this.boxes = boxesOf(context);
    this.documents = new Documents(context);
  }

  /** @throws AwsFault `InvalidDocument`, `InvalidInstanceId`, `InvalidParameters` */
  async send(region: string, input: Input): Promise<unknown> {
    const asked = readSend(input);
    const document = await this.documents.get(region, asked.DocumentName, asked.DocumentVersion, 'Command');
    const values = checkParameters(document.content.parameters, asked.Parameters);
    const instanceIds = await targetsOf(this.boxes, region, input);
    this.refuseOffline(instanceIds, input.InstanceIds !== undefined);
    const requestedAt = new Date();
    const totalSeconds = asked.TimeoutSeconds + executionSeconds(document);
    const command: Command = {
      id: randomUUID(),
      region,
      documentName: document.name,
      documentVersion: document.version,
      comment: asked.Comment,
      parameters: asked.Parameters,
      instanceIds: (input.InstanceIds ?? []) as readonly string[],
      requestedAt,
      deliverySeconds: asked.TimeoutSeconds,
      expiresAt: new Date(requestedAt.getTime() + totalSeconds * 1000),
      invocations: new Map(instanceIds.map((id) => [id, newInvocation(id)])),
    };
    this.commands.set(command.id, command);
    for (const invocation of command.invocations.values())
      this.deliver(command, invocation, document, values);
    return { Command: describeCommand(command) };
  }

  get(region: string, input: Input): unknown {
    const command = this.find(region, input.CommandId);
    const invocation = command?.invocations.get(String(input.InstanceId));
    if (command === undefined || invocation === undefined) {
      throw new AwsFault('InvocationDoesNotExist', 'The command or the instance is not known.');
    }
    const name = input.PluginName;
    const steps =
      name === undefined ? invocation.steps : invocation.steps.filter((step) => step.name === name);
    if (name !== undefined && isOver(invocation) && steps.length === 0) {
      throw new AwsFault('InvalidPluginName', 'The plugin name is not valid.');
    }
    return describeResult(command, invocation, steps);
  }

  list(region: string, input: Input): unknown {
    const { items, NextToken } = pageOf(this.matching(region, input).reverse(), input, 50);
    return { Commands: items.map(describeCommand), NextToken };
  }

  listInvocations(region: string, input: Input): unknown {
    const all = this.matching(region, input).flatMap((command) =>
      [...command.invocations.values()]
        .filter(({ instanceId }) => input.InstanceId === undefined || instanceId === input.InstanceId)
        .map((invocation) => describeInvocation(command, invocation, input.Details === true)),
    );
    const { items, NextToken } = pageOf(all, input, 50);
    return { CommandInvocations: items, NextToken };
  }

  cancel(region: string, input: Input): unknown {
    const command = this.find(region, input.CommandId);
    if (command === undefined) throw new AwsFault('InvalidCommandId', 'The command is not known.');
    const only = (input.InstanceIds ?? []) as readonly string[];
    for (const invocation of command.invocations.values()) {
      if (only.length > 0 && !only.includes(invocation.instanceId)) continue;
      if (isOver(invocation)) continue;
      invocation.status = 'Cancelling';
      invocation.details = 'Cancelling';
      invocation.cancel?.();
    }
    return {};
  }

  close(): void {
    for (const alarm of this.alarms) clearTimeout(alarm);
  }

  private find(region: string, id: unknown): Command | undefined {
    const found = this.commands.get(String(id));
    return found?.region === region ? found : undefined;
  }

  private matching(region: string, input: Input): Command[] {
    const wanted = (command: Command): boolean =>
      command.region === region &&
      (input.CommandId === undefined || command.id === input.CommandId) &&
      (typeof input.InstanceId !== 'string' || command.invocations.has(input.InstanceId));
    return [...this.commands.values()].filter(wanted);
  }

  private refuseOffline(ids: readonly string[], areNamed: boolean): void {
    const offline = ids.filter((id) => this.boxes.get(id)?.isOnline !== true);
    if (offline.length === 0 || !areNamed) return;
    throw new AwsFault(
      'InvalidInstanceId',
      `Instances [[${offline.join(', ')}]] not in a valid state for account ${this.context.account}`,
    );
  }

  private deliver(
    command: Command,
    invocation: Invocation,
    document: SsmDocument,
    values: CheckedParameters,
  ): void {
    const box = this.boxes.get(invocation.instanceId);
    if (box === undefined) return;
    const run = new DocumentRun(box, document, values, command.id);
    // A box that goes down takes its agent with it: nobody reports any more, and the command stays in progress until its
    // time is up. Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html ("Execution
    // Timed Out").
    let isLost = false;
    const forget = box.onGoingDown(() => {
      isLost = true;
      this.expire(command, invocation);
    });
    invocation.cancel = () => {
      run.cancel();
    };
    invocation.status = 'InProgress';
    invocation.details = 'InProgress';
    invocation.startedAt = new Date();
    workOf(this.context)
      .during(run.run())
      .then((steps) => {
        if (isLost) return;
        Object.assign(invocation, { steps, endedAt: new Date(), ...outcomeOf(steps) });
      })
      .catch((error: unknown) => {
        this.context.log(`ssm: command ${command.id} failed in the lab: ${String(error)}`);
        if (!isLost) Object.assign(invocation, { status: 'Failed', details: 'Failed', endedAt: new Date() });
      })
      .finally(forget);
  }

  private expire(command: Command, invocation: Invocation): void {
    const alarm = setTimeout(
      () => {
        this.alarms.delete(alarm);
        Object.assign(invocation, { status: 'TimedOut', details: 'ExecutionTimedOut', endedAt: new Date() });
      },
      Math.min(command.expiresAt.getTime() - Date.now(), 2 ** 31 - 1),
    );
    this.alarms.add(alarm.unref());
  }
}

const newInvocation = (instanceId: string): Invocation => ({
  instanceId,
  status: 'Pending',
  details: 'Pending',
  startedAt: undefined,
  endedAt: undefined,
  steps: [],
  cancel: undefined,
});
