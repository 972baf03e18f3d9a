import { ResumeSessionCommand, SSMClient } from '@aws-sdk/client-ssm';
import { clientSettings } from '../aws/settings';
import type { Context } from '../framework/command';
import { openSession, type Session, signStream } from '../session';
import { dataKeyFor } from './data-key';
import { grantSession, type SessionRequest } from './grant';

/** A session, and how to end it for good. */
export interface StartedSession {
  readonly session: Session;
  /** Ends it here and in AWS; safe to call twice. */
  readonly end: () => Promise<void>;
}

/**
 * Asks AWS for a session and opens it. Whatever fails afterwards, the session is ended in AWS too.
 *
 * @throws Problem, SessionError, or AWS's refusal
 */
export async function startSession(context: Context, request: SessionRequest): Promise<StartedSession> {
  const { ssm, sessionId, streamUrl, token, terminate } = await grantSession(context, request);
  try {
    const session = await openSession({
      sessionId,
      streamUrl,
      token,
      headers: signStream(await ssm.config.region(), ssm.config.credentials),
      resume: () => resumed(context, sessionId),
      dataKey: dataKeyFor(context, request.instanceId),
      notice: (line) => request.notice?.(line),
    });
    return {
      session,
      end: async () => {
        await session.terminate();
        await terminate();
      },
    };
  } catch (error) {
    await terminate();
    throw error;
  }
}

/** By a client of its own: credentials that were renewed meanwhile are read again. */
async function resumed(context: Context, sessionId: string) {
  const ssm = new SSMClient(clientSettings(context));
  try {
    const { TokenValue, StreamUrl } = await ssm.send(new ResumeSessionCommand({ SessionId: sessionId }));
    // A session that is over comes back without a token.
    if (TokenValue === undefined || TokenValue === '') return undefined;
    return { token: TokenValue, ...(StreamUrl === undefined ? {} : { streamUrl: StreamUrl }) };
  } finally {
    ssm.destroy();
  }
}
