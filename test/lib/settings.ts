import { App } from 'aws-cdk-lib';
import { RefusedInput } from '../../contract/problems';
import { readSettings } from '../../lib/config/read';

/** The settings that a context gives. */
export const read = (context: Record<string, unknown>) => readSettings(new App({ context }).node);

/** The message by which a context is refused. */
export function refusal(context: Record<string, unknown>): string {
  try {
    read(context);
  } catch (error) {
    if (error instanceof RefusedInput) return error.message;
    throw error;
  }
  throw new Error('The settings were accepted.');
}
