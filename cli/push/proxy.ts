import type { Context } from '../framework/command';
import { carry } from '../ssh/carry';

/** The agent of a box that boots is not there yet: three minutes. */
const ATTEMPTS = 180;

/**
 * Carries bytes between this process's standard streams and the SSH server of a box, until either side ends.
 *
 * @returns the exit code
 */
export const carrySsh = (context: Context, instanceId: string, documentName: string): Promise<number> =>
  carry(context, { instanceId, documentName, attempts: ATTEMPTS });
