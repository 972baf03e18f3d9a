import type { Stack as CloudFormationStack, StackStatus } from '@aws-sdk/client-cloudformation';
import { PassThrough } from 'node:stream';
import { COMMANDS } from '../../cli/commands';
import type { Command, Context } from '../../cli/framework/command';
import { runProgram } from '../../cli/framework/program';
import { Ui } from '../../cli/framework/ui';

/** A stream that remembers what was written, as a terminal or as a pipe. */
function sink(isTTY = false): NodeJS.WriteStream & { text(): string } {
  const stream = new PassThrough();
  const chunks: string[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  return Object.assign(stream, { isTTY, columns: 80, text: () => chunks.join('') }) as never;
}

/** How a run of the command line ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output read as JSON. */
  json(): unknown;
}

/** How to run it. */
export interface RunOptions {
  readonly commands?: readonly Command[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly isTTY?: boolean;
  readonly interrupted?: AbortSignal;
}

/** Runs the command line inside this process. AWS is what the test's mocks say. */
export async function drawbridge(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { commands = COMMANDS, environment = { AWS_REGION: 'eu-west-1' }, isTTY = false } = options;
  const [stdout, stderr] = [sink(isTTY), sink(isTTY)];
  const code = await runProgram(words, commands, {
    environment,
    stdin: new PassThrough() as never,
    stdout,
    stderr,
    interrupted: options.interrupted ?? new AbortController().signal,
    inForeground: (work) => work(),
    version: '1.2.3',
    vmClient: __filename,
  });
  await new Promise((resolve) => setImmediate(resolve));
  return {
    code,
    stdout: stdout.text(),
    stderr: stderr.text(),
    json: () => JSON.parse(stdout.text()) as unknown,
  };
}

/** What a command is given, for tests of its parts. */
export function fakeContext(more: Partial<Context> = {}): Context {
  const [stdout, stderr] = [sink(), sink()];
  return {
    ui: new Ui({ stdout, stderr, json: false, environment: {} }),
    stack: 'drawbridge',
    region: 'eu-west-1',
    profile: undefined,
    environment: {},
    stdin: new PassThrough() as never,
    stdout,
    stderr,
    interrupted: new AbortController().signal,
    inForeground: (work) => work(),
    vmClient: __filename,
    ...more,
  };
}

/** Outputs of a stack, as CloudFormation returns them. */
const outputsOf = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));

/** What CloudFormation answers about the stack when it stands. */
export const stackAnswer = (
  outputs: Readonly<Record<string, string>>,
  change: { readonly StackId?: string; readonly StackStatus?: StackStatus } = {},
): { Stacks: [CloudFormationStack] } => ({
  Stacks: [
    {
      StackName: 'drawbridge',
      StackId: 'arn:stack',
      StackStatus: 'CREATE_COMPLETE',
      CreationTime: new Date(),
      Outputs: outputsOf(outputs),
      ...change,
    },
  ],
});
