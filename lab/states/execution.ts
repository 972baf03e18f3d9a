import type { Definition } from './definition';
import { StateError, Stopped } from './errors';
import { Interpreter, type Running } from './interpreter';

/** Events after which an execution ends, whatever it does. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MAX_EVENTS = 25_000;

/** One event of a history. */
export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly timestamp: number;
  readonly type: string;
}

/** States of an execution. */
export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** One execution of a state machine, from its start to its end and as it is remembered afterwards. */
export class Execution {
  readonly history: HistoryEvent[] = [];
  readonly startDate = new Date();
  status: ExecutionStatus = 'RUNNING';
  stopDate: Date | undefined;
  output: string | undefined;
  error: string | undefined;
  cause: string | undefined;
  /** Resolves when the execution has ended, however. */
  readonly ended: Promise<void>;
  private readonly stopper = new AbortController();

  constructor(
    readonly arn: string,
    readonly machineArn: string,
    readonly name: string,
    readonly input: string,
    definition: Definition,
    running: Omit<Running, 'context' | 'note'>,
    private readonly changed: (execution: Execution) => void,
  ) {
    const context = {
      Execution: {
        Id: arn,
        Name: name,
        StartTime: this.startDate.toISOString(),
        Input: JSON.parse(input) as unknown,
      },
      StateMachine: { Id: machineArn, Name: machineArn.split(':').at(-1) },
    };
    this.note('ExecutionStarted', { executionStartedEventDetails: { input } });
    changed(this);
    this.ended = this.run(definition, {
      ...running,
      context,
      note: (type, details) => {
        this.note(type, details);
      },
    });
  }

  /** Ends it from outside; nothing for one that has ended. */
  stop(why: Stopped): void {
    this.stopper.abort(why);
  }

  /** As DescribeExecution returns it. */
  describe(): Readonly<Record<string, unknown>> {
    return {
      executionArn: this.arn,
      stateMachineArn: this.machineArn,
      name: this.name,
      status: this.status,
      startDate: this.startDate.getTime() / 1000,
      stopDate: this.stopDate === undefined ? undefined : this.stopDate.getTime() / 1000,
      input: this.input,
      inputDetails: { included: true },
      output: this.output,
      outputDetails: this.output === undefined ? undefined : { included: true },
      error: this.error,
      cause: this.cause,
      redriveCount: 0,
    };
  }

  private async run(definition: Definition, running: Running): Promise<void> {
    const { signal } = this.stopper;
    const over = new AbortController();
    if (definition.TimeoutSeconds !== undefined)
      running.time.wait(definition.TimeoutSeconds, over.signal).then(
        () => {
          this.stop(new Stopped('TIMED_OUT', 'States.Timeout', undefined));
        },
        () => undefined,
      );
    try {
      const output = await new Interpreter(running, signal).run(definition, JSON.parse(this.input), {});
      this.end('SUCCEEDED', { output: JSON.stringify(output) });
    } catch (error) {
      if (error instanceof Stopped) this.end(error.status, { error: error.error, cause: error.why });
      else if (error instanceof StateError) this.end('FAILED', { error: error.error, cause: error.why });
      else this.end('FAILED', { error: 'States.Runtime', cause: `In the lab: ${String(error)}` });
    } finally {
      over.abort();
    }
  }

  private end(
    status: ExecutionStatus,
    how: {
      readonly output?: string;
      readonly error?: string | undefined;
      readonly cause?: string | undefined;
    },
  ): void {
    this.status = status;
    this.stopDate = new Date();
    Object.assign(this, how);
    const type = {
      SUCCEEDED: 'Succeeded',
      FAILED: 'Failed',
      TIMED_OUT: 'TimedOut',
      ABORTED: 'Aborted',
      RUNNING: '',
    };
    this.write(`Execution${type[status]}`, { [`execution${type[status]}EventDetails`]: how });
    this.changed(this);
  }

  private note(type: string, details: Readonly<Record<string, unknown>> = {}): void {
    if (this.history.length >= MAX_EVENTS - 1)
      throw new StateError(
        'States.HistoryLimitExceeded',
        `The execution reached the maximum number of history events (${MAX_EVENTS}).`,
      );
    this.write(type, details);
  }

  private write(type: string, details: Readonly<Record<string, unknown>>): void {
    const previousEventId = this.history.length;
    this.history.push({
      id: previousEventId + 1,
      previousEventId,
      timestamp: Date.now() / 1000,
      type,
      ...details,
    });
  }
}
