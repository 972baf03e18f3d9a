import { EXIT } from '../../contract/exit-codes';
import { withEither } from '../connect/either-client';
import type { SessionRequest } from '../connect/grant';
import { inForeground } from '../connect/plugin';
import type { Context } from '../framework/command';
import { pipePlain, type Session } from '../session';

/**
 * Opens a session to an SSH server and carries bytes between it and this process's standard streams, until either side ends.
 *
 * @param ready - runs when the session is there, before the first byte
 * @returns the exit code: a session that broke says why, and is no success
 */
export const carry = (
  context: Context,
  request: SessionRequest,
  ready: () => Promise<void> = () => Promise.resolve(),
): Promise<number> =>
  withEither(context, request, {
    own: async ({ session, end }) => {
      try {
        await ready();
        return await carrySession(context, session);
      } finally {
        await end();
      }
    },
    official: async (plugin) => {
      await ready();
      return inForeground(context, plugin, request);
    },
  });

/** Carries bytes between this process's standard streams and an open session. @returns as {@link carry} */
export async function carrySession(context: Context, session: Session): Promise<number> {
  context.interrupted.addEventListener('abort', () => void session.terminate());
  const end = await pipePlain(session, context.stdin, context.stdout);
  if (end.by !== 'failure') return EXIT.ok;
  context.ui.warn(end.message);
  return EXIT.unavailable;
}
