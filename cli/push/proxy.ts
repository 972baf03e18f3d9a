import { startSession } from '../connect/start-session';
import type { Context } from '../framework/command';
import { carrySession } from '../ssh/carry';

/** The agent of a box that boots is not there yet: three minutes. */
const ATTEMPTS = 180;

/**
 * Carries bytes between this process's standard streams and the SSH server of a box, until either side ends.
 *
 * @returns the exit code
 */
export async function carrySsh(context: Context, instanceId: string, documentName: string): Promise<number> {
  const started = await startSession(context, { instanceId, documentName, attempts: ATTEMPTS });
  try {
    return await carrySession(context, started.session);
  } finally {
    await started.end();
  }
}
