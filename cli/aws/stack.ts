import {
  CloudFormationClient,
  DescribeStacksCommand,
  type Stack as Described,
} from '@aws-sdk/client-cloudformation';
import { EXIT } from '../../contract/exit-codes';
import { OUTPUTS, type OutputName } from '../../contract/outputs';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import { clientSettings } from './settings';

/** A deployed stack. */
export interface Stack {
  readonly name: string;
  /** ARN; the value of the ownership tag. */
  readonly id: string;
  readonly region: string;
  /** CloudFormation's status. */
  readonly status: string;
  /** Outputs by their names in the console. */
  readonly outputs: Readonly<Record<string, string>>;
}

function missing(context: Context, region: string): Problem {
  return new Problem(
    EXIT.notFound,
    `There is no stack "${context.stack}" in ${region} in this account.`,
    'Name another with --stack, its region with --region, its account with --profile; or deploy it: `npx cdk deploy`.',
  );
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ValidationError' && error.message.includes('does not exist');

/**
 * Finds the stack, and with it everything else: one call.
 *
 * @throws Problem when there is no such stack
 */
export async function findStack(context: Context): Promise<Stack> {
  const client = new CloudFormationClient(clientSettings(context));
  const region = await client.config.region();
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: context.stack }));
    const [found] = Stacks;
    if (found === undefined) throw missing(context, region);
    return { name: context.stack, region, ...factsOf(found) };
  } catch (error) {
    throw isMissing(error) ? missing(context, region) : error;
  } finally {
    client.destroy();
  }
}

function factsOf(found: Described): Pick<Stack, 'id' | 'status' | 'outputs'> {
  const pairs = (found.Outputs ?? []).map(({ OutputKey, OutputValue }) => [
    OutputKey ?? '',
    OutputValue ?? '',
  ]);
  return {
    id: found.StackId ?? '',
    status: found.StackStatus ?? 'unknown',
    outputs: Object.fromEntries(pairs) as Record<string, string>,
  };
}

/** An output that may be absent. */
export const optionalOutput = (stack: Stack, name: OutputName): string | undefined =>
  stack.outputs[OUTPUTS[name]];

/** @throws Problem when the stack has no such output: it is another's, half made, or of an older version */
export function output(stack: Stack, name: OutputName): string {
  const value = optionalOutput(stack, name);
  if (value !== undefined) return value;
  throw new Problem(
    EXIT.notFound,
    `The stack "${stack.name}" (${stack.status}) has no output ${OUTPUTS[name]}.`,
    'It is not a Drawbridge stack, its deployment has not finished, or it is of another version: deploy it again with `npx cdk deploy`.',
  );
}
