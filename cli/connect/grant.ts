import { SSMClient, StartSessionCommand, TerminateSessionCommand } from '@aws-sdk/client-ssm';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../contract/exit-codes';
import { clientSettings } from '../aws/settings';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';

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
  /** By the official plugin, and not by the client of this program. */
  readonly plugin?: boolean;
  /** A line about what happens to the session. */
  notice?(line: string): void;
}

/** A session that AWS has granted, for a client to open. */
export interface Grant {
  readonly ssm: SSMClient;
  readonly sessionId: string;
  readonly streamUrl: string;
  readonly token: string;
  /** Ends it in AWS; safe to call twice. */
  readonly terminate: () => Promise<void>;
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
 * Asks AWS for a session.
 *
 * @throws Problem when the agent is not connected, or AWS's refusal
 */
export async function grantSession(context: Context, request: SessionRequest): Promise<Grant> {
  const ssm = new SSMClient(clientSettings(context));
  try {
    const { SessionId = '', StreamUrl = '', TokenValue = '' } = await granted(context, ssm, request);
    let over = false;
    return {
      ssm,
      sessionId: SessionId,
      streamUrl: StreamUrl,
      token: TokenValue,
      terminate: async () => {
        if (over) return;
        over = true;
        try {
          await ssm.send(new TerminateSessionCommand({ SessionId }));
        } finally {
          ssm.destroy();
        }
      },
    };
  } catch (error) {
    ssm.destroy();
    throw error;
  }
}
