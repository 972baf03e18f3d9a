import type { DestroyResult } from '../../contract/events';
import { invoke } from '../aws/functions';
import { output, type Stack } from '../aws/stack';
import type { Context } from '../framework/command';

const destroy = async (context: Context, stack: Stack, event: object): Promise<readonly string[]> =>
  (await invoke<DestroyResult>(context, output(stack, 'destroyFunction'), event)).terminated;

/** Ends one box; it is terminated when this returns. */
export const closeBox = (context: Context, stack: Stack, instanceId: string): Promise<readonly string[]> =>
  destroy(context, stack, { instanceId });

/** Ends every box of the stack. */
export const closeAll = (context: Context, stack: Stack): Promise<readonly string[]> =>
  destroy(context, stack, { all: true });
