import { setTimeout as sleep } from 'node:timers/promises';
import {
  ResumeSessionCommand,
  SSMClient,
  StartSessionCommand,
  TerminateSessionCommand,
} from '@aws-sdk/client-ssm';
import { clientSettings } from '../aws/settings';
import type { Context } from '../framework/command';
import { openSession, pipePlain, signStream } from '../session';

/** The agent of a box that boots is not there yet: milliseconds between attempts, and how many. */
const WAIT_MS = 2_000;
const ATTEMPTS = 90;

async function start(ssm: SSMClient, Target: string, DocumentName: string, signal: AbortSignal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ssm.send(new StartSessionCommand({ Target, DocumentName }), { abortSignal: signal });
    } catch (error) {
      const isEarly = error instanceof Error && error.name === 'TargetNotConnected';
      if (!isEarly || attempt === ATTEMPTS) throw error;
      await sleep(WAIT_MS, undefined, { signal });
    }
  }
}

/** Carries bytes between this process's standard streams and the SSH server of a box, until either side ends. */
export async function carrySsh(context: Context, instanceId: string, document: string): Promise<void> {
  const ssm = new SSMClient(clientSettings(context));
  const {
    SessionId = '',
    StreamUrl = '',
    TokenValue = '',
  } = await start(ssm, instanceId, document, context.interrupted);
  try {
    const session = await openSession({
      sessionId: SessionId,
      streamUrl: StreamUrl,
      token: TokenValue,
      headers: signStream(await ssm.config.region(), ssm.config.credentials),
      resume: async () => {
        const again = await ssm.send(new ResumeSessionCommand({ SessionId }));
        if (again.TokenValue === undefined || again.TokenValue === '') return undefined;
        return {
          token: again.TokenValue,
          ...(again.StreamUrl === undefined ? {} : { streamUrl: again.StreamUrl }),
        };
      },
    });
    context.interrupted.addEventListener('abort', () => void session.terminate());
    await pipePlain(session, context.stdin, context.stdout);
  } finally {
    await ssm.send(new TerminateSessionCommand({ SessionId })).finally(() => {
      ssm.destroy();
    });
  }
}
