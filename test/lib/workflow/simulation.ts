import { readDefinition } from '../../../lab/states/definition';
import { StateError } from '../../../lab/states/errors';
import { Execution } from '../../../lab/states/execution';
import type { Resource } from '../../../lab/states/resources';
import { LabTime } from '../../../lab/time';
import { flat, jsonWith } from '../synth';

/** What AWS answers to a task: a value, or an error with its cause. */
export type Answer = (args: Record<string, unknown>, call: number) => unknown;

/** An error as Step Functions knows it. */
export const fails = (error: string, cause = 'because'): never => {
  throw new StateError(error, cause);
};

/** An error that one of our functions throws. */
export const throws = (errorType: string, errorMessage: string): never =>
  fails(errorType, JSON.stringify({ errorType, errorMessage, trace: [] }));

/** A call that a definition made. */
export interface Call {
  readonly name: string;
  readonly args: Record<string, unknown>;
}

/** The definition of one of the stack's machines, as it is deployed with these settings. */
export function definitionOf(settings: object, idPrefix: string): string {
  const [found] = Object.entries(jsonWith(settings).Resources).filter(
    ([id, { Type }]) => Type === 'AWS::StepFunctions::StateMachine' && id.startsWith(idPrefix),
  );
  if (found === undefined) throw new Error(`no state machine ${idPrefix}`);
  const text = flat(found[1].Properties.DefinitionString).replaceAll('{AWS::Partition}', 'aws');
  // References as they read: {LifecycleCreateFunction….Arn} → LifecycleCreateFunction
  return text.replaceAll(/\{([A-Za-z]+?)[0-9A-F]{8}(\.Arn)?\}/g, '$1');
}

/** Runs a deployed definition with the calls of its tasks answered by a test; time does not count. */
export async function simulate(
  definition: string,
  input: object,
  answers: Readonly<Record<string, Answer>>,
): Promise<{ execution: Execution; calls: Call[]; names: string[] }> {
  const calls: Call[] = [];
  const resource: Resource = {
    matches: () => true,
    call: (args) => {
      throw new Error(`never called so: ${JSON.stringify(args)}`);
    },
  };
  const byArn = (arn: string): Resource => ({
    ...resource,
    matches: (wanted) => wanted === arn,
    call: (args) => {
      const given = args as Record<string, unknown>;
      const short = arn.replace('arn:aws:states:::', '').replace('aws-sdk:', '');
      const name = short === 'lambda:invoke' ? String(given.FunctionName) : short;
      const answer = answers[name];
      if (answer === undefined) throw new Error(`The test has no answer for ${name}.`);
      const call = calls.filter((one) => one.name === name).length;
      calls.push({ name, args: given });
      return Promise.resolve().then(() => answer(given, call));
    },
  });
  const resources = [
    'lambda:invoke',
    'states:startExecution.sync:2',
    'sns:publish',
    'aws-sdk:ssm:sendCommand',
    'aws-sdk:ssm:getCommandInvocation',
    'aws-sdk:ssm:describeInstanceInformation',
    'aws-sdk:ec2:describeInstances',
  ].map((name) => byArn(`arn:aws:states:::${name}`));
  const time = new LabTime();
  time.pass(1e9);
  const machine = 'arn:aws:states:eu-west-1:123456789012:stateMachine:m';
  const read = readDefinition(definition);
  const execution = new Execution(
    `${machine.replace('stateMachine', 'execution')}:e1`,
    machine,
    'e1',
    JSON.stringify(input),
    // Its time limit has a test of its own.
    { ...read, TimeoutSeconds: undefined },
    {
      time,
      resources,
      region: 'eu-west-1',
      lab: undefined as never,
      runExecution: () => Promise.reject(new Error('answered by the test')),
    },
    () => undefined,
  );
  await execution.ended;
  return { execution, calls, names: calls.map(({ name }) => name) };
}
