import type { LabTime } from '../time';
import type { Flow, GuardedState, State } from './definition';
import { isMeant, StateError } from './errors';
import { evaluate, type Scope } from './expressions';
import type { Resource, TaskContext } from './resources';

/** Limit of what goes from state to state, in bytes. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MAX_OUTPUT_BYTES = 262_144;

/** What happens while an execution runs, for its history. */
export type Note = (type: string, details?: Readonly<Record<string, unknown>>) => void;

/** What a run works with. */
export interface Running extends Omit<TaskContext, 'signal'> {
  readonly time: LabTime;
  /** What tasks can call. */
  readonly resources: readonly Resource[];
  /** `$states.context`. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly note: Note;
}

type Variables = Record<string, unknown>;
interface Step {
  readonly output: unknown;
  /** Undefined at the end of the flow. */
  readonly next: string | undefined;
}
type Templates = { readonly Assign?: Record<string, unknown> | undefined; readonly Output?: unknown };

/** Runs a flow of states to its end: the output of the last one, or the error that nothing caught. */
export class Interpreter {
  constructor(
    private readonly running: Running,
    private readonly signal: AbortSignal,
    private readonly context = running.context,
  ) {}

  async run(flow: Flow, input: unknown, variables: Variables): Promise<unknown> {
    let name: string | undefined = flow.StartAt;
    let value = input;
    while (name !== undefined) {
      const state: State | undefined = flow.States[name];
      if (state === undefined) throw new StateError('States.Runtime', `There is no state ${name}.`);
      this.signal.throwIfAborted();
      this.running.note(`${state.Type}StateEntered`, {
        stateEnteredEventDetails: { name, input: text(value) },
      });
      const step: Step = await this.step(state, name, value, variables);
      if (Buffer.byteLength(text(step.output)) > MAX_OUTPUT_BYTES)
        throw new StateError(
          'States.DataLimitExceeded',
          `The output of ${name} exceeds ${MAX_OUTPUT_BYTES} bytes.`,
        );
      this.running.note(`${state.Type}StateExited`, {
        stateExitedEventDetails: { name, output: text(step.output) },
      });
      ({ output: value, next: name } = step);
    }
    return value;
  }

  private async step(state: State, name: string, input: unknown, variables: Variables): Promise<Step> {
    const scope = this.scope(input, variables);
    switch (state.Type) {
      case 'Pass':
        return this.leave(state, state.Next, scope, variables, input);
      case 'Wait':
        await this.running.time.wait(Number(await evaluate(state.Seconds, scope)), this.signal);
        return this.leave(state, state.Next, scope, variables, input);
      case 'Succeed':
        return this.leave(state, undefined, scope, variables, input);
      case 'Fail':
        throw new StateError(
          String(await evaluate(state.Error ?? '', scope)),
          String(await evaluate(state.Cause ?? '', scope)),
        );
      case 'Choice': {
        for (const rule of state.Choices)
          if ((await evaluate(rule.Condition, scope)) === true)
            return this.leave(rule, rule.Next, scope, variables, input);
        if (state.Default === undefined)
          throw new StateError('States.NoChoiceMatched', `No choice of ${name} matched.`);
        return this.leave(state, state.Default, scope, variables, input);
      }
      default:
        return this.guarded(state, input, variables);
    }
  }

  private scope(input: unknown, variables: Variables, more: object = {}): Scope {
    return { states: { input, context: this.context, ...more }, variables };
  }

  /** Assigns variables, all from their values before, and makes the output. */
  private async leave(
    templates: Templates,
    next: string | undefined,
    scope: Scope,
    variables: Variables,
    standard: unknown,
  ): Promise<Step> {
    const assigned = (await evaluate(templates.Assign ?? {}, scope)) as Variables;
    const output = templates.Output === undefined ? standard : await evaluate(templates.Output, scope);
    Object.assign(variables, assigned);
    return { output, next };
  }

  private async guarded(state: GuardedState, input: unknown, variables: Variables): Promise<Step> {
    const attempts = state.Retry.map(() => 0);
    for (;;) {
      try {
        const result = await this.attempt(state, input, variables);
        const scope = this.scope(input, variables, { result });
        return await this.leave(state, state.Next, scope, variables, result);
      } catch (error) {
        this.signal.throwIfAborted();
        if (!(error instanceof StateError)) throw error;
        const retry = state.Retry.findIndex(({ ErrorEquals }) => isMeant(ErrorEquals, error.error));
        const retrier = state.Retry[retry];
        const tried = attempts[retry] ?? 0;
        if (retrier !== undefined && tried < retrier.MaxAttempts) {
          attempts[retry] = tried + 1;
          const seconds = retrier.IntervalSeconds * retrier.BackoffRate ** tried;
          await this.running.time.wait(Math.min(seconds, retrier.MaxDelaySeconds ?? Infinity), this.signal);
          continue;
        }
        const catcher = state.Catch.find(({ ErrorEquals }) => isMeant(ErrorEquals, error.error));
        if (catcher === undefined) throw error;
        const errorOutput = { Error: error.error, Cause: error.why };
        const scope = this.scope(input, variables, { errorOutput });
        return this.leave(catcher, catcher.Next, scope, variables, errorOutput);
      }
    }
  }

  private attempt(state: GuardedState, input: unknown, variables: Variables): Promise<unknown> {
    return state.Type === 'Map' ? this.map(state, input, variables) : this.task(state, input, variables);
  }

  private async task(
    state: Extract<GuardedState, { Type: 'Task' }>,
    input: unknown,
    variables: Variables,
  ): Promise<unknown> {
    const { note, time } = this.running;
    const scope = this.scope(input, variables);
    const resource = this.running.resources.find((one) => one.matches(state.Resource));
    if (resource === undefined) throw new StateError('States.Runtime', `${state.Resource} is unknown.`);
    const args = state.Arguments === undefined ? input : await evaluate(state.Arguments, scope);
    const seconds =
      state.TimeoutSeconds === undefined ? undefined : Number(await evaluate(state.TimeoutSeconds, scope));
    note('TaskScheduled', {
      taskScheduledEventDetails: { resource: state.Resource, parameters: text(args) },
    });
    note('TaskStarted');
    const [late, over] = [new AbortController(), new AbortController()];
    if (seconds !== undefined)
      time.wait(seconds, over.signal).then(
        () => {
          late.abort();
        },
        () => undefined,
      );
    // One of its own: what listens to it goes with the task, not with the execution.
    const signal = AbortSignal.any([this.signal, late.signal]);
    try {
      const result = await unlessAborted(signal, resource.call(args, { ...this.running, signal }));
      note('TaskSubmitted');
      note('TaskSucceeded', { taskSucceededEventDetails: { output: text(result) } });
      return JSON.parse(text(result)) as unknown;
    } catch (error) {
      this.signal.throwIfAborted();
      const isLate = late.signal.aborted;
      const failed = isLate ? new StateError('States.Timeout', `After ${seconds ?? 0} seconds.`) : error;
      if (failed instanceof StateError)
        note(isLate ? 'TaskTimedOut' : 'TaskFailed', {
          taskFailedEventDetails: { error: failed.error, cause: failed.why },
        });
      throw failed;
    } finally {
      over.abort();
    }
  }

  private async map(
    state: Extract<GuardedState, { Type: 'Map' }>,
    input: unknown,
    variables: Variables,
  ): Promise<unknown> {
    const items =
      state.Items === undefined ? input : await evaluate(state.Items, this.scope(input, variables));
    if (!Array.isArray(items)) throw new StateError('States.QueryEvaluationError', 'Items is no array.');
    const { note } = this.running;
    note('MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
    const broken = new AbortController();
    const signal = AbortSignal.any([this.signal, broken.signal]);
    const results = new Array<unknown>(items.length);
    const rest = items.entries();
    const worker = async (): Promise<void> => {
      for (const [index, item] of rest) {
        note('MapIterationStarted', { mapIterationStartedEventDetails: { index } });
        const context = { ...this.context, Map: { Item: { Index: index, Value: item as unknown } } };
        const inner = new Interpreter(this.running, signal, context);
        const selected =
          state.ItemSelector === undefined
            ? (item as unknown)
            : await evaluate(state.ItemSelector, {
                ...this.scope(input, variables),
                states: { input, context },
              });
        results[index] = await inner.run(state.ItemProcessor, selected, { ...variables });
        note('MapIterationSucceeded', { mapIterationSucceededEventDetails: { index } });
      }
    };
    const workers = Math.min(state.MaxConcurrency || 40, items.length);
    const all = Array.from({ length: workers }, () =>
      worker().catch((error: unknown) => {
        broken.abort(error);
        throw error;
      }),
    );
    try {
      await Promise.all(all);
    } finally {
      // The other iterations end before the state does.
      await Promise.allSettled(all);
    }
    note('MapStateSucceeded');
    return results;
  }
}

const text = (value: unknown): string => JSON.stringify(value ?? null);

/** Waits for a call, or for the end of everything; listens no longer than that, since an execution makes thousands of calls. */
const unlessAborted = <T>(signal: AbortSignal, call: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    void call.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', stop);
    });
  });
