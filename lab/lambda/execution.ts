import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { LabContext } from '../context';
import { signal } from '../processes';
import { buildProgram } from '../program';
import { afterPatience } from '../slowness';
import { executionEnvironment } from './environment';
import type { DeployedFunction } from './functions';
import { writeLogs, type LogLine } from './logs';
import type { FunctionError, Invocation, Outcome } from './protocol';

/** Largest payload of a synchronous answer, in bytes: 6 MB as Lambda counts them. */
export const MAX_PAYLOAD_BYTES = 6_291_556;

/** What an invocation came to. */
export interface Execution {
  readonly requestId: string;
  readonly payload: string;
  readonly failed: boolean;
  readonly lines: readonly LogLine[];
}

function runtimeProgram(context: LabContext): string {
  const program = join(context.directory, 'lambda-runtime', 'runtime.cjs');
  if (!existsSync(program)) buildProgram('lambda/runtime.ts', program);
  return program;
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function collectLines(stream: Readable, lines: LogLine[]): Promise<void> {
  const reader = createInterface({ input: stream, crlfDelay: 0 });
  reader.on('line', (message) => lines.push({ timestamp: Date.now(), message }));
  return once(reader, 'close').then(() => undefined);
}

/** How a process ended: with an answer, without one, or not in time. */
interface Ending {
  readonly answer: string;
  readonly exitCode: number | null;
  readonly timedOut: boolean;
}

async function runProcess(
  context: LabContext,
  deployed: DeployedFunction,
  invocation: Invocation,
  environment: Record<string, string>,
  lines: LogLine[],
): Promise<Ending> {
  const heapMiB = Math.max(64, Math.floor(deployed.memoryMiB * 0.9));
  const child = context.processes.spawn(
    process.execPath,
    [`--max-old-space-size=${heapMiB}`, runtimeProgram(context)],
    { cwd: deployed.root, env: environment, detached: true, stdio: ['pipe', 'pipe', 'pipe', 'pipe'] },
  );
  let timedOut = false;
  const forget = afterPatience(deployed.timeoutSeconds * 1000, () => {
    timedOut = true;
    // The whole group: what the function started must not outlive it.
    if (child.pid !== undefined) signal(-child.pid, 'SIGKILL');
  });
  const [input, output, errors, result] = child.stdio as unknown as [Writable, Readable, Readable, Readable];
  // A process that ends before it has read its input makes this pipe fail; how it ended says why.
  input.on('error', (error) => {
    context.log(`lambda: ${deployed.name} did not read its event: ${String(error)}`);
  });
  input.end(JSON.stringify(invocation));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  try {
    const [answer, [exitCode]] = await Promise.all([
      readAll(result),
      exited,
      collectLines(output, lines),
      collectLines(errors, lines),
    ]);
    return { answer, exitCode, timedOut };
  } finally {
    forget();
  }
}

/** The errors that Lambda itself words, not the function: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
function lambdaError(deployed: DeployedFunction, requestId: string, ending: Ending): FunctionError {
  const prefix = `RequestId: ${requestId} Error:`;
  if (ending.timedOut) {
    const seconds = deployed.timeoutSeconds.toFixed(2);
    return {
      errorType: 'Sandbox.Timedout',
      errorMessage: `${prefix} Task timed out after ${seconds} seconds`,
    };
  }
  const how =
    ending.exitCode === null || ending.exitCode === 0
      ? 'without providing a reason'
      : `with error: exit status ${ending.exitCode}`;
  return { errorType: 'Runtime.ExitError', errorMessage: `${prefix} Runtime exited ${how}` };
}

function judge(
  deployed: DeployedFunction,
  requestId: string,
  ending: Ending,
): Pick<Execution, 'payload' | 'failed'> {
  const failure = (error: FunctionError): Pick<Execution, 'payload' | 'failed'> => ({
    payload: JSON.stringify(error),
    failed: true,
  });
  if (ending.timedOut || ending.answer === '') return failure(lambdaError(deployed, requestId, ending));
  const outcome = JSON.parse(ending.answer) as Outcome;
  if (outcome.failed) return failure(outcome.error);
  if (Buffer.byteLength(outcome.payload) > MAX_PAYLOAD_BYTES) {
    return failure({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: `Response payload size exceeded maximum allowed payload size (${MAX_PAYLOAD_BYTES} bytes).`,
    });
  }
  return { payload: outcome.payload, failed: false };
}

const logStreamName = (): string =>
  `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${randomUUID().replaceAll('-', '')}`;

/** Runs a function once, in a process of its own, and writes its log. */
export async function execute(
  context: LabContext,
  deployed: DeployedFunction,
  event: unknown,
): Promise<Execution> {
  const requestId = randomUUID();
  const stream = logStreamName();
  const environment = await executionEnvironment(context, deployed, stream);
  const started = Date.now();
  const lines: LogLine[] = [
    { timestamp: started, message: `START RequestId: ${requestId} Version: $LATEST` },
  ];
  const deadline = started + deployed.timeoutSeconds * 1000;
  const { runtime, arn: functionArn } = deployed;
  const invocation = { event, requestId, functionArn, runtime, deadline };
  const ending = await runProcess(context, deployed, invocation, environment, lines);
  const judged = judge(deployed, requestId, ending);
  const timestamp = Date.now();
  const durationMs = (timestamp - started).toFixed(2);
  if (ending.timedOut || ending.answer === '') {
    lines.push({
      timestamp,
      message: `${new Date(timestamp).toISOString()} ${requestId} ${judged.payload}`,
    });
  }
  lines.push(
    { timestamp, message: `END RequestId: ${requestId}` },
    { timestamp, message: `REPORT RequestId: ${requestId}\tDuration: ${durationMs} ms` },
  );
  await writeLogs(context, deployed, stream, lines);
  return { requestId, ...judged, lines };
}
