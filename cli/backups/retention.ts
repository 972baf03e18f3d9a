import { invoke } from '../aws/functions';
import { output, type Stack } from '../aws/stack';
import type { Context } from '../framework/command';

/** What retention has in mind with one backup. */
export interface Decision {
  readonly prefix: string;
  readonly keep: boolean;
  /** `daily`, `weekly`, `locked`, …; empty for what may go. */
  readonly reasons: readonly string[];
}

/** What a dry run of retention tells. */
export interface Plan {
  readonly decisions: readonly Decision[];
  /** Objects that the lifecycle of the bucket would be allowed to expire. */
  readonly marked: readonly string[];
}

/** Asks the function that decides, without deciding. */
export const askRetention = (context: Context, stack: Stack): Promise<Plan> =>
  invoke<Plan>(context, output(stack, 'retainFunction'), { dryRun: true });
