import { execFile, spawn, type StdioOptions } from 'node:child_process';
import { promisify } from 'node:util';
import { compareVersions } from '../wire/version';

const PROGRAM = 'session-manager-plugin';
/** From here on the plugin reads the token from its environment (its release notes); older ones want it on the command line. */
const FIRST_WITHOUT_TOKEN_ON_COMMAND_LINE = '1.2.536.0';
/** The AWS CLI's own name for the variable (awscli, customizations/sessionmanager.py). */
const RESPONSE_VARIABLE = 'AWS_SSM_START_SESSION_RESPONSE';

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

/**
 * Looks for the official client on the PATH.
 *
 * @returns undefined when there is none
 */
export async function findPlugin(env: NodeJS.ProcessEnv = process.env): Promise<OfficialPlugin | undefined> {
  try {
    const { stdout } = await promisify(execFile)(PROGRAM, ['--version'], { env, timeout: 10_000 });
    const version = stdout.trim();
    const isUsable = compareVersions(version, FIRST_WITHOUT_TOKEN_ON_COMMAND_LINE) >= 0;
    return { program: PROGRAM, version, isUsable };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Runs a session in the official client, as the AWS CLI does, until it ends. The token goes through its environment.
 * Arguments: src/sessionmanagerplugin/session/session.go, ValidateInputAndStartSession.
 *
 * @returns its exit code
 * @throws Error when it is too old to keep the token to itself, or cannot be started
 */
export async function runPlugin(
  plugin: OfficialPlugin,
  session: PluginSession,
  options: { readonly stdio?: StdioOptions; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<number> {
  if (!plugin.isUsable)
    throw new Error(
      `${plugin.program} ${plugin.version} takes its token on the command line, where every process can read it. ` +
        `Version ${FIRST_WITHOUT_TOKEN_ON_COMMAND_LINE} or newer is needed.`,
    );
  const { sessionId: SessionId, streamUrl: StreamUrl, token: TokenValue, target: Target } = session;
  const request = JSON.stringify({ Target });
  const words = [RESPONSE_VARIABLE, session.region, 'StartSession', session.profile ?? '', request];
  const child = spawn(plugin.program, [...words, session.endpoint ?? ''], {
    stdio: options.stdio ?? 'inherit',
    env: {
      ...(options.env ?? process.env),
      [RESPONSE_VARIABLE]: JSON.stringify({ SessionId, StreamUrl, TokenValue }),
    },
  });
  // Ctrl-C is for the plugin, which has it from the terminal: it says good-bye to the agent and ends.
  const leaveToPlugin = (): void => undefined;
  process.on('SIGINT', leaveToPlugin);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        resolve(code ?? 1);
      });
    });
  } finally {
    process.off('SIGINT', leaveToPlugin);
  }
}
