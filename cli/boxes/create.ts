import { type BoxResult, extendEvent, openEvent, type OpenEvent } from '../../contract/events';
import { parseOrRefuse } from '../../contract/problems';
import { invoke } from '../aws/functions';
import { identity } from '../aws/identity';
import { output, type Stack } from '../aws/stack';
import type { Context } from '../framework/command';

/** What a tag can hold of an ARN: anything else becomes a dash. */
const forTag = (arn: string): string => arn.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '-').slice(0, 200);

/** What to ask for; what is left out the stack decides. */
export type Wanted = Omit<OpenEvent, 'requestedBy'>;

/**
 * Opens a box by the stack's create function.
 *
 * @throws RefusedInput before anything is asked, Problem with the function's words afterwards
 */
export async function openBox(context: Context, stack: Stack, wanted: Wanted): Promise<BoxResult> {
  const checked = parseOrRefuse(
    openEvent,
    wanted,
    'request for a box',
    '--reason of up to 200 letters, digits, spaces and _ . : / = + - @; --request-id of 1 to 64 letters, digits and . _ -',
  );
  const { arn } = await identity(context);
  return invoke(context, output(stack, 'createFunction'), { ...checked, requestedBy: forTag(arn) });
}

/** Moves the expiry of a live box to `ttlMinutes` from now. */
export function extendBox(
  context: Context,
  stack: Stack,
  instanceId: string,
  ttlMinutes: number,
): Promise<BoxResult> {
  return invoke(context, output(stack, 'createFunction'), extendEvent.parse({ instanceId, ttlMinutes }));
}
