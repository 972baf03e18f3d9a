import { startSession } from '../connect/start-session';
import type { Context } from '../framework/command';
import { pipePlain } from '../session';

/** The agent of a box that boots is not there yet: three minutes. */
const ATTEMPTS = 180;

/** Carries bytes between this process's standard streams and the SSH server of a box, until either side ends. */
export async function carrySsh(context: Context, instanceId: string, documentName: string): Promise<void> {
  const started = await startSession(context, { instanceId, documentName, attempts: ATTEMPTS });
  try {
    context.interrupted.addEventListener('abort', () => void started.session.terminate());
    await pipePlain(started.session, context.stdin, context.stdout);
  } finally {
    await started.end();
  }
}
