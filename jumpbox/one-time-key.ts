import { EXIT } from '../contract/exit-codes';
import type { OneTimeKey } from '../contract/handed-keys';
import { makeOneTimeKey } from './encryption/handed';
import type { Context, Result } from './run';

/** Makes the key to which the owner of an encrypted backup encrypts the backup's keys for this box, and tells its public half. */
export async function oneTimeKey({ settings }: Context, prefix: string): Promise<Result> {
  const output = {
    recipient: await makeOneTimeKey(settings.keyDirectory, prefix),
  } satisfies OneTimeKey;
  return { output, exit: EXIT.ok };
}
