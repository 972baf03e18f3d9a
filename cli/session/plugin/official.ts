import { type ChildProcess, execFile, spawn, type StdioOptions } from 'node:child_process';
import { promisify } from 'node:util';
import { compareVersions } from '../wire/version';

const PROGRAM = 'session-manager-plugin';
/** From here on the plugin reads the token from its environment (its release notes); older ones want it on the command line. */
export const OLDEST_USABLE_PLUGIN = '1.2.536.0';
/** The AWS CLI's own name for the variable (awscli, customizations/sessionmanager.py). */
const RESPONSE_VARIABLE = 'AWS_SSM_START_SESSION_RESPONSE';

/** Variables of a process. */
type Variables = Readonly<Record<string, string | undefined>>;

/** The official client as installed on this machine. */
export interface OfficialPlugin {
  readonly program: string;
  readonly version: string;
  /** Whether it can be given a token without showing it to every process of this machine. */
  readonly isUsable: boolean;
}

/** A session for the plugin to run: what `ssm:StartSession` was asked and returned. */
export interface PluginSession {
  readonly sessionId: string;
  readonly streamUrl: string;
  readonly token: string;
  /** The instance. */
  readonly target: string;
  readonly region: string;
  /** Name of the profile in the AWS configuration, for its own calls (resume, terminate). Default: its environment decides. */
  readonly profile?: string;
  /** Address of the Systems Manager API, where it is not AWS's own. */
  readonly endpoint?: string;
}

/** How the plugin's process is started. */
export interface PluginProcess {
  readonly stdio?: StdioOptions;
  readonly env?: Variables;
  /** Out of reach of the terminal's Ctrl-C. */
  readonly detached?: boolean;
}

/**
 * Looks for the official client on the PATH.
 *
 * @returns undefined when there is none
 */
export async function findPlugin(env: Variables = process.env): Promise<OfficialPlugin | undefined> {
  try {
    const { stdout } = await promisify(execFile)(PROGRAM, ['--version'], { env, timeout: 10_000 });
    const version = stdout.trim();
    return { program: PROGRAM, version, isUsable: compareVersions(version, OLDEST_USABLE_PLUGIN) >= 0 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Starts the official client on a session, as the AWS CLI does. The token goes through its environment.
 * Arguments: src/sessionmanagerplugin/session/session.go, ValidateInputAndStartSession.
 *
 * @throws Error when it is too old to keep the token to itself
 */
export function startPlugin(
  plugin: OfficialPlugin,
  session: PluginSession,
  { stdio = 'inherit', env = process.env, detached = false }: PluginProcess = {},
): ChildProcess {
  if (!plugin.isUsable)
    throw new Error(
      `${plugin.program} ${plugin.version} takes its token on the command line, where every process can read it. ` +
        `Version ${OLDEST_USABLE_PLUGIN} or newer is needed.`,
    );
  const { sessionId: SessionId, streamUrl: StreamUrl, token: TokenValue, target: Target } = session;
  const request = JSON.stringify({ Target });
  const words = [RESPONSE_VARIABLE, session.region, 'StartSession', session.profile ?? '', request];
  return spawn(plugin.program, [...words, session.endpoint ?? ''], {
    stdio,
    detached,
    env: { ...env, [RESPONSE_VARIABLE]: JSON.stringify({ SessionId, StreamUrl, TokenValue }) },
  });
}
