import { EXIT } from '../../contract/exit-codes';
import type { Context } from '../framework/command';
import { pipePlain, type Session } from '../session';

/**
 * Carries bytes between this process's standard streams and the SSH server behind a session, until either side ends.
 *
 * @returns the exit code: a session that broke says why, and is no success
 */
export async function carrySession(context: Context, session: Session): Promise<number> {
  context.interrupted.addEventListener('abort', () => void session.terminate());
  const end = await pipePlain(session, context.stdin, context.stdout);
  if (end.by !== 'failure') return EXIT.ok;
  context.ui.warn(end.message);
  return EXIT.unavailable;
}
