/**
 * The program inside a Lambda execution environment: loads the handler, calls it once, reports what it returned.
 *
 * Standard input carries the invocation, file descriptor 3 the outcome; standard output and error are the log. It keeps
 * to the Node.js runtime's words: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html.
 */
import { existsSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import type { Invocation, Outcome } from './protocol';

type Handler = (event: unknown, context: unknown, callback?: unknown) => unknown;

/** An error whose type is the runtime's own, for example `Runtime.HandlerNotFound`. */
class RuntimeFailure extends Error {
  constructor(
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

const invocation = JSON.parse(readFileSync(0, 'utf8')) as Invocation;
const asJson = process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON';

/** Lambda's log line: instant, request id, level and message, separated by tabs, or one JSON object. */
function write(level: string, parts: readonly unknown[]): void {
  const timestamp = new Date().toISOString();
  const message = format(...parts);
  const line = asJson
    ? JSON.stringify({ timestamp, level, requestId: invocation.requestId, message })
    : // A newline inside one message would become several events: Lambda writes carriage returns instead.
      `${timestamp}\t${invocation.requestId}\t${level}\t${message.replaceAll('\n', '\r')}`;
  process.stdout.write(`${line}\n`);
}

for (const [method, level] of [
  ['log', 'INFO'],
  ['info', 'INFO'],
  ['debug', 'DEBUG'],
  ['trace', 'TRACE'],
  ['warn', 'WARN'],
  ['error', 'ERROR'],
] as const) {
  console[method] = (...parts: unknown[]): void => {
    write(level, parts);
  };
}

function finish(outcome: Outcome): void {
  const pipe = new Socket({ fd: 3 });
  pipe.end(JSON.stringify(outcome), () => {
    process.exit(0);
  });
}

function describe(error: unknown): Extract<Outcome, { failed: true }>['error'] {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

function fail(error: unknown): void {
  const described = describe(error);
  write('ERROR', ['Invoke Error', JSON.stringify(described)]);
  finish({ failed: true, error: described });
}

async function load(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    const name = error instanceof SyntaxError ? 'Runtime.UserCodeSyntaxError' : 'Runtime.ImportModuleError';
    const failure = new RuntimeFailure(name, String(error));
    if (error instanceof Error && error.stack !== undefined) failure.stack = error.stack;
    throw failure;
  }
}

/** `folder/index.name.part`: the file is what stands before the first dot of the last path part. */
async function findHandler(root: string, handler: string): Promise<Handler> {
  const [file = '', ...path] = basename(handler).split('.');
  const base = join(root, dirname(handler), file);
  const found = ['.js', '.mjs', '.cjs'].map((extension) => base + extension).find(existsSync);
  if (found === undefined) {
    throw new RuntimeFailure('Runtime.ImportModuleError', `Error: Cannot find module '${file}'`);
  }
  const module = await load(found);
  const roots = [module, module.default];
  for (const start of roots) {
    let value: unknown = start;
    for (const part of path) {
      value =
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined;
    }
    if (typeof value === 'function') return value as Handler;
  }
  throw new RuntimeFailure('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
}

function contextOf({ requestId, functionArn, deadline }: Invocation): Record<string, unknown> {
  const variables = process.env;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: variables.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: variables.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: variables.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: variables.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: variables.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: functionArn,
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

/** Callbacks ended with the Node.js 24 runtime; older runtimes wait for one when the handler takes three arguments. */
async function call(handler: Handler, context: Record<string, unknown>): Promise<unknown> {
  const takesCallback = handler.length >= 3;
  if (!takesCallback) return await handler(invocation.event, context);
  if (Number(/^nodejs(\d+)/.exec(invocation.runtime)?.[1]) >= 24) {
    throw new RuntimeFailure(
      'Runtime.CallbackHandlerDeprecated',
      `${invocation.runtime} does not support handlers that take a callback. Write an async function.`,
    );
  }
  return await new Promise((resolve, reject) => {
    handler(invocation.event, context, (error: unknown, value: unknown) => {
      if (error === null || error === undefined) resolve(value);
      else reject(error instanceof Error ? error : new Error(format(error)));
    });
  });
}

async function main(): Promise<void> {
  const handler = await findHandler(process.env.LAMBDA_TASK_ROOT ?? '.', process.env._HANDLER ?? '');
  const value = await call(handler, contextOf(invocation));
  const payload = JSON.stringify(value === undefined ? null : value);
  finish({ failed: false, payload });
}

process.on('unhandledRejection', (reason) => {
  fail(new RuntimeFailure('Runtime.UnhandledPromiseRejection', String(reason)));
});
main().catch(fail);
