import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { count } from '../cloudwatch/metrics';
import type { LabContext } from '../context';
import { onePerLab } from '../one-per-lab';
import { AwsFault } from '../endpoint/fault';
import { busOf } from '../events/bus';
import { timeOf } from '../time';
import { type Definition, readDefinition } from './definition';
import { StateError, Stopped } from './errors';
import { Execution, type ExecutionStatus } from './execution';
import { type ExecutionRequest, RESOURCES } from './resources';

/** Names of executions. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const NAME = /^[A-Za-z0-9_-]{1,80}$/;

/** Members of CreateStateMachine and UpdateStateMachine that are kept. */
const settings = z.object({
  name: z.string().regex(NAME),
  definition: z.string(),
  roleArn: z.string(),
  type: z.literal('STANDARD', 'the lab runs standard workflows only').default('STANDARD'),
  loggingConfiguration: z.unknown().optional(),
  tracingConfiguration: z.unknown().optional(),
});

/** What is counted of executions: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html */
const METRICS: Readonly<Record<ExecutionStatus, string>> = {
  RUNNING: 'ExecutionsStarted',
  SUCCEEDED: 'ExecutionsSucceeded',
  FAILED: 'ExecutionsFailed',
  TIMED_OUT: 'ExecutionsTimedOut',
  ABORTED: 'ExecutionsAborted',
};

interface Machine {
  readonly arn: string;
  readonly region: string;
  readonly settings: z.output<typeof settings>;
  readonly definition: Definition;
  readonly createdAt: number;
}

type Input = Readonly<Record<string, unknown>>;

function read<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new AwsFault('ValidationException', z.prettifyError(parsed.error));
}

/** State machines and their executions. */
export class Machines {
  private readonly machines = new Map<string, Machine>();
  private readonly executions = new Map<string, Execution>();

  constructor(private readonly context: LabContext) {}

  create(region: string, input: Input): Input {
    const given = read(settings, input);
    const arn = `arn:aws:states:${region}:${this.context.account}:stateMachine:${given.name}`;
    if (this.machines.has(arn))
      throw new AwsFault('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
    const createdAt = Date.now() / 1000;
    const definition = readDefinition(given.definition);
    this.machines.set(arn, { arn, region, settings: given, definition, createdAt });
    return { stateMachineArn: arn, creationDate: createdAt };
  }

  /** Executions that run keep the definition that they were started with. */
  update(input: Input): Input {
    const machine = this.machine(input.stateMachineArn);
    const given = read(settings.partial(), input);
    const changed = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const merged = read(settings, { ...machine.settings, ...changed });
    this.machines.set(machine.arn, {
      ...machine,
      settings: merged,
      definition: readDefinition(merged.definition),
    });
    return { updateDate: Date.now() / 1000 };
  }

  /** What runs is ended with its machine. */
  delete(input: Input): Input {
    const arn = String(input.stateMachineArn);
    for (const execution of this.executions.values())
      if (execution.machineArn === arn) execution.stop(new Stopped('ABORTED', undefined, undefined));
    this.machines.delete(arn);
    return {};
  }

  describeMachine(input: Input): Input {
    const { arn, settings: given, createdAt } = this.machine(input.stateMachineArn);
    return { ...given, stateMachineArn: arn, status: 'ACTIVE', creationDate: createdAt };
  }

  listMachines(region: string): Input {
    const found = [...this.machines.values()].filter((one) => one.region === region);
    return {
      stateMachines: found.map(({ arn, settings: { name, type }, createdAt }) => ({
        stateMachineArn: arn,
        name,
        type,
        creationDate: createdAt,
      })),
    };
  }

  start(machineArn: unknown, given: unknown, input = '{}'): Execution {
    const machine = this.machine(machineArn);
    const name = typeof given === 'string' ? given : randomUUID();
    if (!NAME.test(name)) throw new AwsFault('InvalidName', `Invalid Name: '${name}'`);
    try {
      JSON.parse(input);
    } catch {
      throw new AwsFault('InvalidExecutionInput', 'Invalid State Machine Execution Input');
    }
    const arn = machine.arn.replace(':stateMachine:', ':execution:') + `:${name}`;
    const known = this.executions.get(arn);
    if (known !== undefined) {
      // The same call again finds its execution, for as long as that runs.
      if (known.status === 'RUNNING' && known.input === input) return known;
      throw new AwsFault('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    const running = {
      lab: this.context,
      region: machine.region,
      time: timeOf(this.context),
      resources: RESOURCES,
      runExecution: (request: ExecutionRequest, signal: AbortSignal) => this.runToEnd(request, signal),
    };
    const execution = new Execution(arn, machine.arn, name, input, machine.definition, running, (one) => {
      this.tell(machine.region, one);
    });
    this.executions.set(arn, execution);
    return execution;
  }

  execution(arn: unknown): Execution {
    const found = this.executions.get(String(arn));
    if (found === undefined)
      throw new AwsFault('ExecutionDoesNotExist', `Execution Does Not Exist: '${String(arn)}'`);
    return found;
  }

  list(machineArn: unknown, status: unknown): Execution[] {
    const { arn } = this.machine(machineArn);
    return [...this.executions.values()]
      .filter((one) => one.machineArn === arn && (status === undefined || one.status === status))
      .reverse();
  }

  async close(): Promise<void> {
    const all = [...this.executions.values()];
    for (const one of all) one.stop(new Stopped('ABORTED', undefined, 'The lab stops.'));
    await Promise.all(all.map(({ ended }) => ended));
  }

  private machine(arn: unknown): Machine {
    const found = this.machines.get(String(arn));
    if (found === undefined)
      throw new AwsFault('StateMachineDoesNotExist', `State Machine Does Not Exist: '${String(arn)}'`);
    return found;
  }

  /** `.sync:2`: an execution that is stopped takes the one that it waits for with it. */
  private async runToEnd(request: ExecutionRequest, signal: AbortSignal): Promise<unknown> {
    const execution = ((): Execution => {
      try {
        return this.start(request.StateMachineArn, request.Name, JSON.stringify(request.Input ?? {}));
      } catch (error) {
        if (!(error instanceof AwsFault)) throw error;
        throw new StateError(`StepFunctions.${error.code}Exception`, error.message);
      }
    })();
    const stop = (): void => {
      execution.stop(new Stopped('ABORTED', undefined, undefined));
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    await execution.ended;
    signal.removeEventListener('abort', stop);
    const description = Object.fromEntries(
      Object.entries(execution.describe()).map(([key, value]) => [
        `${key.charAt(0).toUpperCase()}${key.slice(1)}`,
        key.endsWith('Date') ? Number(value) * 1000 : value,
      ]),
    );
    if (execution.status !== 'SUCCEEDED')
      throw new StateError('States.TaskFailed', JSON.stringify(description));
    const parse = (value: string | undefined): unknown =>
      value === undefined ? undefined : (JSON.parse(value) as unknown);
    return { ...description, Input: parse(execution.input), Output: parse(execution.output) };
  }

  /** https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html: times are milliseconds there. */
  private tell(region: string, execution: Execution): void {
    count(this.context, region, {
      namespace: 'AWS/States',
      name: METRICS[execution.status],
      dimensions: { StateMachineArn: execution.machineArn },
    });
    const { startDate, stopDate } = execution;
    const described = { ...execution.describe(), error: undefined, cause: undefined };
    busOf(this.context).emit(region, {
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      resources: [execution.arn],
      detail: { ...described, startDate: startDate.getTime(), stopDate: stopDate?.getTime() ?? null },
    });
  }
}

/** The state machines of a lab. */
export const machinesOf = onePerLab((context) => new Machines(context));
