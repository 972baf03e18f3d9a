/**
 * A client for AWS Systems Manager Session Manager: the data channel that `ssm:StartSession` opens, with port forwarding,
 * plain bytes (SSH) and shells. It calls no AWS API itself: whoever starts a session gives it the stream URL, the token,
 * and a way to get another token. Knows nothing of the rest of this repository.
 */
export { openSession, type Session } from './client/session';
export type { OpenOptions, SessionEnd } from './client/options';
export type { SessionEvent } from './client/events';
export { signStream, type HeaderProvider, type SigningKeys } from './client/sign';
export type { Ticket } from './client/connection';
export type { DataKeyProvider } from './client/encryption';
export { SessionError, type SessionErrorCode } from './client/errors';
export { forwardPort, type ForwardHooks } from './client/forward';
export { listen, portOf, type Forward, type ListenOn } from './client/listener';
export { pipePlain } from './client/plain';
export { openTerminal, type Terminal } from './client/terminal';
export {
  findPlugin,
  startPlugin,
  OLDEST_USABLE_PLUGIN,
  type OfficialPlugin,
  type PluginProcess,
} from './plugin/official';
export { runShell, type ShellEnd, type ShellStreams, type TerminalSize } from './client/shell';
