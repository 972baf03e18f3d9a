import {
  ResumeSessionCommand,
  SSMClient,
  StartSessionCommand,
  TerminateSessionCommand,
} from '@aws-sdk/client-ssm';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../contract/exit-codes';
import { clientSettings } from '../aws/settings';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import { openSession, type Session, signStream } from '../session';
import { dataKeyFor } from './data-key';

/** An agent that has just come online may refuse its first session: milliseconds between attempts, and how often. */
const NOT_CONNECTED_MS = 1_000;
const ATTEMPTS = 20;

/** Which session to open. */
export interface SessionRequest {
  readonly instanceId: string;
  /** Of the stack: a session without a document would be a shell that nobody logs. */
  readonly documentName: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /**
   * How often to ask, a second apart, while the agent is not connected.
   *
   * @defaultValue 20, for one that is online already
   */
  readonly attempts?: number;
  /** A line about what happens to the session. */
  notice?(line: string): void;
}

/** A session, and how to end it for good. */
export interface StartedSession {
  readonly session: Session;
  /** Ends it here and in AWS; safe to call twice. */
  end(): Promise<void>;
}

const isNotConnected = (error: unknown): boolean =>
  error instanceof Error && error.name === 'TargetNotConnected';

async function granted(context: Context, ssm: SSMClient, request: SessionRequest) {
  const { instanceId, documentName, parameters = {}, attempts = ATTEMPTS } = request;
  const start = new StartSessionCommand({
    Target: instanceId,
    DocumentName: documentName,
    Parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value]])),
    Reason: `drawbridge ${context.stack}`,
  });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ssm.send(start, { abortSignal: context.interrupted });
    } catch (error) {
      if (!isNotConnected(error)) throw error;
      if (attempt === attempts) throw notConnected(instanceId);
      await sleep(NOT_CONNECTED_MS, undefined, { signal: context.interrupted });
    }
  }
}

const notConnected = (instanceId: string): Problem =>
  new Problem(
    EXIT.unavailable,
    `The agent of ${instanceId} is not connected.`,
    '`drawbridge list` shows whether it still runs; `drawbridge doctor` looks for the cause.',
  );

/**
 * Asks AWS for a session and opens it. Whatever fails afterwards, the session is ended in AWS too.
 *
 * @throws Problem, SessionError, or AWS's refusal
 */
export async function startSession(context: Context, request: SessionRequest): Promise<StartedSession> {
  const ssm = new SSMClient(clientSettings(context));
  const { instanceId } = request;
  const answer = await granted(context, ssm, request);
  const headers = signStream(await ssm.config.region(), ssm.config.credentials);
  const { SessionId = '', StreamUrl = '', TokenValue = '' } = answer;
  let over = false;
  const terminate = async (): Promise<void> => {
    if (over) return;
    over = true;
    try {
      await ssm.send(new TerminateSessionCommand({ SessionId }));
    } finally {
      ssm.destroy();
    }
  };
  try {
    const session = await openSession({
      sessionId: SessionId,
      streamUrl: StreamUrl,
      token: TokenValue,
      headers,
      resume: () => resumed(context, SessionId),
      dataKey: dataKeyFor(context, instanceId),
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
