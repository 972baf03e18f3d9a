import type { LabContext } from '../context';
import type { AwsCall, AwsReply, Extension, Forward } from '../endpoint/extension';
import { AwsFault } from '../endpoint/fault';
import { rawReply } from '../endpoint/reply';
import { workOf } from '../work';
import { execute, MAX_PAYLOAD_BYTES, type Execution } from './execution';
import { Functions, type DeployedFunction } from './functions';
import { logTail } from './logs';

/** Limit of an asynchronous event, in bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_EVENT_BYTES = 1_048_576;

/** Waits between the attempts of an asynchronous event that fails, in milliseconds: one minute, then two. */
const RETRY_DELAYS_MS = [60_000, 120_000];

function eventOf(call: AwsCall, type: string): unknown {
  const limit = type === 'Event' ? MAX_EVENT_BYTES : MAX_PAYLOAD_BYTES;
  if (call.body.length > limit) {
    throw new AwsFault(
      'RequestTooLargeException',
      `${call.body.length} byte payload is too large for the ${type} invocation type (limit ${limit} bytes)`,
      413,
    );
  }
  if (call.body.length === 0) return {};
  try {
    return JSON.parse(call.body.toString()) as unknown;
  } catch (error) {
    const message = `Could not parse request body into json: ${String(error)}`;
    throw new AwsFault('InvalidRequestContentException', message);
  }
}

function refuseQualifier(qualifier: unknown): void {
  if (typeof qualifier !== 'string' || qualifier === '$LATEST') return;
  throw new AwsFault(
    'ResourceNotFoundException',
    `The lab runs $LATEST only; it keeps no code for the qualifier ${qualifier}.`,
    404,
  );
}

/** AWS Lambda: runs deployed Node.js functions, each invocation in a process of its own. */
class LambdaExtension implements Extension {
  readonly service = 'lambda';
  private readonly functions: Functions;
  private readonly retries = new Set<NodeJS.Timeout>();
  private stopped = false;

  readonly operations: Extension['operations'] = {
    CreateFunction: (call, forward) =>
      this.record(call, forward, () => this.functions.create(call.region, call.input)),
    UpdateFunctionCode: (call, forward) =>
      this.record(call, forward, () => this.functions.updateCode(call.region, call.input)),
    UpdateFunctionConfiguration: (call, forward) =>
      this.record(call, forward, () => {
        this.functions.updateConfiguration(call.region, call.input);
      }),
    DeleteFunction: (call, forward) =>
      this.record(call, forward, () => {
        this.functions.delete(call.region, String(call.input.FunctionName));
      }),
    Invoke: (call) => this.invoke(call),
  };

  constructor(private readonly context: LabContext) {
    this.functions = new Functions(context);
  }

  stop(): Promise<void> {
    this.stopped = true;
    for (const retry of this.retries) clearTimeout(retry);
    return Promise.resolve();
  }

  /** The emulator keeps the record; what it refuses is not kept here either. */
  private async record(call: AwsCall, forward: Forward, keep: () => Promise<void> | void): Promise<AwsReply> {
    const reply = await forward(call);
    if (reply.status < 300) await keep();
    return reply;
  }

  private async invoke(call: AwsCall): Promise<AwsReply> {
    const deployed = this.functions.get(call.region, String(call.input.FunctionName));
    refuseQualifier(call.input.Qualifier);
    const type = call.headers['x-amz-invocation-type'] ?? 'RequestResponse';
    const event = eventOf(call, type);
    switch (type) {
      case 'DryRun':
        return rawReply(204, '');
      case 'Event':
        this.accept(deployed, event, 0);
        return rawReply(202, '');
      case 'RequestResponse':
        return this.reply(call, await workOf(this.context).during(execute(this.context, deployed, event)));
      default:
        throw new AwsFault(
          'InvalidParameterValueException',
          `Invocation type ${type} is unknown. Accepted: RequestResponse, Event, DryRun.`,
        );
    }
  }

  private reply(call: AwsCall, execution: Execution): AwsReply {
    const wantsLog = call.headers['x-amz-log-type'] === 'Tail';
    return rawReply(200, execution.payload, {
      'content-type': 'application/json',
      'x-amzn-requestid': execution.requestId,
      'x-amz-executed-version': '$LATEST',
      ...(execution.failed ? { 'x-amz-function-error': 'Unhandled' } : {}),
      ...(wantsLog ? { 'x-amz-log-result': logTail(execution.lines) } : {}),
    });
  }

  /** An asynchronous event is tried three times: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
  private accept(deployed: DeployedFunction, event: unknown, attempt: number): void {
    execute(this.context, deployed, event)
      .then(({ failed, payload }) => {
        if (!failed || this.stopped) return;
        this.context.log(`lambda: asynchronous event of ${deployed.name} failed: ${payload}`);
        const delay = RETRY_DELAYS_MS[attempt];
        if (delay === undefined) return;
        const retry = setTimeout(() => {
          this.retries.delete(retry);
          this.accept(deployed, event, attempt + 1);
        }, delay);
        this.retries.add(retry);
      })
      .catch((error: unknown) => {
        this.context.log(`lambda: asynchronous event of ${deployed.name} was lost: ${String(error)}`);
      });
  }
}

/** Makes the extension for one lab. */
export const lambdaExtension = (context: LabContext): Extension => new LambdaExtension(context);
