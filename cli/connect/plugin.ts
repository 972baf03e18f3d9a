import type { ChildProcess } from 'node:child_process';
import { EXIT } from '../../contract/exit-codes';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import { type OfficialPlugin, type PluginProcess, startPlugin } from '../session';
import { grantSession, type SessionRequest } from './grant';

/** How long the plugin may take to say good-bye, in milliseconds: it hangs when the instance goes away (agent issue 173). */
const FAREWELL_MS = 5_000;

/** The official plugin at work on a session. */
export interface PluginRun {
  readonly child: ChildProcess;
  /** Its exit code. Rejects when it could not be started. */
  readonly exited: Promise<number>;
  /** Ends it, here and in AWS; safe to call twice. */
  readonly end: () => Promise<void>;
}

/** Where the AWS CLI and the SDK look for another address of the API. */
const endpointOf = ({ environment }: Context): string | undefined =>
  environment.AWS_ENDPOINT_URL_SSM ?? environment.AWS_ENDPOINT_URL;

function exitOf(child: ChildProcess): Promise<number> {
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', (error) => {
      reject(
        new Problem(
          EXIT.wrongTools,
          `${child.spawnfile} cannot be started: ${error.message}.`,
          'Install it anew.',
        ),
      );
    });
    child.once('close', (code) => {
      resolve(code ?? EXIT.failed);
    });
  });
  exited.catch(() => undefined);
  return exited;
}

/** Opens a session of its own for the plugin. @throws Problem or AWS's refusal */
export async function runPlugin(
  context: Context,
  plugin: OfficialPlugin,
  request: SessionRequest,
  options: Pick<PluginProcess, 'stdio' | 'detached'>,
): Promise<PluginRun> {
  const { ssm, terminate, ...ticket } = await grantSession(context, request);
  try {
    const { profile } = context;
    const endpoint = endpointOf(context);
    const session = {
      ...ticket,
      target: request.instanceId,
      region: await ssm.config.region(),
      ...(profile === undefined ? {} : { profile }),
      ...(endpoint === undefined ? {} : { endpoint }),
    };
    const child = startPlugin(plugin, session, { ...options, env: context.environment });
    const exited = exitOf(child);
    const end = async (): Promise<void> => {
      const last = setTimeout(() => child.kill('SIGKILL'), FAREWELL_MS);
      child.kill('SIGINT');
      await exited.catch(() => undefined);
      clearTimeout(last);
      await terminate();
    };
    return { child, exited, end };
  } catch (error) {
    await terminate();
    throw error;
  }
}

/**
 * Gives the plugin this process's standard streams, and Ctrl-C, until its session ends.
 *
 * @returns its exit code
 */
export function inForeground(
  context: Context,
  plugin: OfficialPlugin,
  request: SessionRequest,
): Promise<number> {
  return context.inForeground(async () => {
    const run = await runPlugin(context, plugin, request, { stdio: 'inherit' });
    const end = (): void => void run.end();
    context.interrupted.addEventListener('abort', end, { once: true });
    try {
      return await run.exited;
    } finally {
      context.interrupted.removeEventListener('abort', end);
      await run.end();
    }
  });
}
