import * as ec2 from '@aws-sdk/client-ec2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as sns from '@aws-sdk/client-sns';
import * as ssm from '@aws-sdk/client-ssm';
import { emulatorAccess } from '../clients';
import type { LabContext } from '../context';
import { StateError } from './errors';

/** What a task may use. */
export interface TaskContext {
  readonly lab: LabContext;
  readonly region: string;
  readonly signal: AbortSignal;
  /** Runs another state machine to its end; an error of it is one of the task. */
  runExecution(input: ExecutionRequest, signal: AbortSignal): Promise<unknown>;
}

/** Arguments of `states:startExecution`. */
export interface ExecutionRequest {
  readonly StateMachineArn: string;
  readonly Name?: string;
  readonly Input?: unknown;
}

/** Something that a task can call. */
export interface Resource {
  matches(arn: string): boolean;
  call(args: unknown, context: TaskContext): Promise<unknown>;
}

const integration =
  (name: string) =>
  (arn: string): boolean =>
    arn === `arn:aws:states:::${name}`;

// The lab's own endpoint, so that its extensions take part.
const access = ({ lab, region }: TaskContext) => ({
  ...emulatorAccess(lab, region),
  endpoint: lab.endpoint,
  maxAttempts: 1,
});

/** Names of errors as the integrations have them: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html */
function fail(service: string, error: unknown): never {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  throw new StateError(
    `${service}.${codeOf(service, name, error)}`,
    `${message} (Service: ${service}, Error Code: ${name})`,
  );
}

function codeOf(service: string, name: string, error: unknown): string {
  // Nobody answered.
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  if ($metadata?.httpStatusCode === undefined) return 'SdkClientException';
  // EC2 has no modelled errors: all of them come under the service's own.
  if (service === 'Ec2') return 'Ec2Exception';
  return name.endsWith('Exception') ? name : `${name}Exception`;
}

const invoke: Resource = {
  matches: integration('lambda:invoke'),
  async call(args, context) {
    const { FunctionName, Payload } = args as { FunctionName: string; Payload?: unknown };
    const lambda = new LambdaClient(access(context));
    try {
      const answer = await lambda
        .send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(Payload ?? {}) }))
        .catch((error: unknown) => fail('Lambda', error));
      const text = answer.Payload?.transformToString() ?? 'null';
      if (answer.FunctionError !== undefined) {
        const { errorType = 'Exception' } = JSON.parse(text) as { errorType?: string };
        throw new StateError(errorType, text);
      }
      const { StatusCode, ExecutedVersion } = answer;
      return { StatusCode, ExecutedVersion, Payload: JSON.parse(text) as unknown };
    } finally {
      lambda.destroy();
    }
  },
};

/** Calls one operation of an SDK client; the answer without what the SDK adds. */
function sdk(
  name: string,
  service: string,
  run: (input: object, settings: ReturnType<typeof access>) => Promise<object>,
): Resource {
  return {
    matches: integration(name),
    async call(args, context) {
      const answer = await run(args as object, access(context)).catch((error: unknown) =>
        fail(service, error),
      );
      return Object.fromEntries(Object.entries(answer).filter(([key]) => key !== '$metadata'));
    },
  };
}

async function withClient<C extends { destroy(): void }, T>(
  client: C,
  act: (client: C) => Promise<T>,
): Promise<T> {
  try {
    return await act(client);
  } finally {
    client.destroy();
  }
}

const startExecution: Resource = {
  matches: integration('states:startExecution.sync:2'),
  call: (args, context) => context.runExecution(args as ExecutionRequest, context.signal),
};

/** Everything that a Task state of the lab can call. Whatever else a definition names fails its deployment. */
export const RESOURCES: readonly Resource[] = [
  invoke,
  startExecution,
  sdk('aws-sdk:ssm:sendCommand', 'Ssm', (input, settings) =>
    withClient(new ssm.SSMClient(settings), (client) =>
      client.send(new ssm.SendCommandCommand(input as ssm.SendCommandCommandInput)),
    ),
  ),
  sdk('aws-sdk:ssm:getCommandInvocation', 'Ssm', (input, settings) =>
    withClient(new ssm.SSMClient(settings), (client) =>
      client.send(new ssm.GetCommandInvocationCommand(input as ssm.GetCommandInvocationCommandInput)),
    ),
  ),
  sdk('aws-sdk:ssm:describeInstanceInformation', 'Ssm', (input, settings) =>
    withClient(new ssm.SSMClient(settings), (client) =>
      client.send(
        new ssm.DescribeInstanceInformationCommand(input as ssm.DescribeInstanceInformationCommandInput),
      ),
    ),
  ),
  sdk('aws-sdk:ec2:describeInstances', 'Ec2', (input, settings) =>
    withClient(new ec2.EC2Client(settings), (client) =>
      client.send(new ec2.DescribeInstancesCommand(input as ec2.DescribeInstancesCommandInput)),
    ),
  ),
  sdk('sns:publish', 'SNS', (input, settings) =>
    withClient(new sns.SNSClient(settings), (client) =>
      client.send(new sns.PublishCommand(input as sns.PublishCommandInput)),
    ),
  ),
];
