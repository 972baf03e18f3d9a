import { EXIT } from '../../contract/exit-codes';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import {
  findPlugin,
  OLDEST_USABLE_PLUGIN,
  type OfficialPlugin,
  SessionError,
  type SessionErrorCode,
} from '../session';
import type { SessionRequest } from './grant';
import { type StartedSession, startSession } from './start-session';

/** How a session is used by each of the two clients. */
export interface EitherClient<T> {
  /** By the client of this program. */
  readonly own: (started: StartedSession) => Promise<T>;
  /** By the official plugin, in a session of its own: a token is good for one client. */
  readonly official: (plugin: OfficialPlugin) => Promise<T>;
}

/** What another client may do better. `closed` is not among them: the service has refused, and would again. */
const CLIENT_FAILED: readonly SessionErrorCode[] = ['unreachable', 'no-handshake', 'unsupported', 'protocol'];

/**
 * Opens a session with the client of this program; with the official plugin where that is asked for, or where no session
 * begins and the plugin is installed, which one line then says.
 *
 * @throws Problem, SessionError, or AWS's refusal
 */
export async function withEither<T>(
  context: Context,
  request: SessionRequest,
  { own, official }: EitherClient<T>,
): Promise<T> {
  if (request.plugin === true) return official(await demandPlugin(context));
  let started: StartedSession;
  try {
    started = await startSession(context, request);
  } catch (error) {
    if (!(error instanceof SessionError) || !CLIENT_FAILED.includes(error.code)) throw error;
    const plugin = await findPlugin(context.environment);
    if (plugin?.isUsable !== true) throw error;
    context.ui.warn(`${error.message} ${plugin.program} ${plugin.version} is used instead.`);
    return official(plugin);
  }
  return own(started);
}

/** The plugin that `--plugin` asks for. @throws Problem when there is none that keeps a token to itself */
async function demandPlugin(context: Context): Promise<OfficialPlugin> {
  const plugin = await findPlugin(context.environment);
  if (plugin?.isUsable === true) return plugin;
  throw new Problem(
    EXIT.wrongTools,
    plugin === undefined
      ? 'There is no session-manager-plugin on this machine.'
      : `${plugin.program} ${plugin.version} takes its token on the command line, where every process can read it.`,
    `Install version ${OLDEST_USABLE_PLUGIN} or newer, or leave --plugin out: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html`,
  );
}
