import { isObject, readJson, textOf, type JsonObject } from './json';

/** Status of one action in the client's answer. Source: aws/session-manager-plugin, src/message/handshakemessage.go. */
export const ACTION_STATUS = { ok: 1, failed: 2, unsupported: 3 } as const;

/** Session types that exist. Source: aws/session-manager-plugin, src/config/config.go. */
export const SESSION_TYPE = {
  shell: 'Standard_Stream',
  interactive: 'InteractiveCommands',
  nonInteractive: 'NonInteractiveCommands',
  port: 'Port',
} as const;

/** One thing the agent asks the client to do before the session begins. */
export interface RequestedAction {
  /** `SessionType`, `KMSEncryption`, or something newer. */
  readonly type: string;
  readonly parameters: JsonObject;
}

/** First stream message of an agent. */
export interface HandshakeRequest {
  /** Dotted; decides what the agent can do. */
  readonly agentVersion: string;
  readonly actions: readonly RequestedAction[];
}

/** What the client did about one {@link RequestedAction}. Field names as on the wire. */
export interface ProcessedAction {
  readonly ActionType: string;
  readonly ActionStatus: number;
  readonly ActionResult: unknown;
  readonly Error: string;
}

/** The client's answer. Field names as on the wire (src/message/handshakemessage.go). */
export interface HandshakeResponse {
  readonly ClientVersion: string;
  readonly ProcessedClientActions: readonly ProcessedAction[];
  readonly Errors: readonly string[];
}

/**
 * Reads the agent's handshake request.
 *
 * @throws MalformedMessage
 */
export function readHandshakeRequest(payload: Buffer): HandshakeRequest {
  const json = readJson(payload, 'handshake request');
  const actions = Array.isArray(json.RequestedClientActions)
    ? (json.RequestedClientActions as unknown[])
    : [];
  return {
    agentVersion: textOf(json.AgentVersion),
    actions: actions.filter(isObject).map((action) => ({
      type: textOf(action.ActionType),
      parameters: isObject(action.ActionParameters) ? action.ActionParameters : {},
    })),
  };
}

/** The bytes of a handshake request, as an agent sends them. */
export function writeHandshakeRequest(request: HandshakeRequest): Buffer {
  return Buffer.from(
    JSON.stringify({
      AgentVersion: request.agentVersion,
      RequestedClientActions: request.actions.map(({ type, parameters }) => ({
        ActionType: type,
        ActionParameters: parameters,
      })),
    }),
  );
}

/**
 * Reads a client's answer: its version, and the actions that did not succeed, in words.
 *
 * @throws MalformedMessage
 */
export function readHandshakeResponse(payload: Buffer): {
  readonly clientVersion: string;
  readonly failures: readonly string[];
} {
  const json = readJson(payload, 'handshake response');
  const actions = Array.isArray(json.ProcessedClientActions)
    ? (json.ProcessedClientActions as unknown[])
    : [];
  const failures = actions
    .filter(isObject)
    .filter((action) => action.ActionStatus !== ACTION_STATUS.ok)
    .map((action) => `${textOf(action.ActionType)} failed on the client: ${textOf(action.Error)}`);
  return { clientVersion: textOf(json.ClientVersion), failures };
}
