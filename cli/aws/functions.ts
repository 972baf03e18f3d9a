import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { EXIT } from '../../contract/exit-codes';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import { clientSettings } from './settings';

/** The longest that a lifecycle function may take, in milliseconds: destroy waits for the end of its boxes. */
const ANSWER_MS = 320_000;

/** Exit codes of the functions' own errors, by `errorType` (lambda/errors.ts). */
const EXIT_CODES: Readonly<Record<string, number>> = {
  RefusedInput: EXIT.usage,
  NotOurBox: EXIT.notFound,
  TooManyBoxes: EXIT.unavailable,
  NoCapacity: EXIT.unavailable,
  QuotaReached: EXIT.unavailable,
};

interface FunctionFailure {
  readonly errorType?: string;
  readonly errorMessage?: string;
}

/**
 * Invokes a function of the stack and waits for its answer.
 *
 * @throws Problem with the function's own words when it refuses or fails
 */
export async function invoke<T>(context: Context, functionName: string, event: object): Promise<T> {
  // One attempt: the functions are idempotent only by the request's id, and a second one would hide the first's answer.
  const client = new LambdaClient({ ...clientSettings(context, ANSWER_MS), maxAttempts: 1 });
  try {
    const answer = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
    );
    const payload: unknown = JSON.parse(new TextDecoder().decode(answer.Payload));
    if (answer.FunctionError === undefined) return payload as T;
    const { errorType = answer.FunctionError, errorMessage = '' } = payload as FunctionFailure;
    throw new Problem(EXIT_CODES[errorType] ?? EXIT.failed, errorMessage === '' ? errorType : errorMessage);
  } finally {
    client.destroy();
  }
}
