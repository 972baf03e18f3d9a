/** What went wrong with a session, for callers that decide by it. */
export type SessionErrorCode =
  /** No connection to the stream URL could be made. */
  | 'unreachable'
  /** Connected, but nobody completed the handshake. */
  | 'no-handshake'
  /** The document asks for something this client cannot do. */
  | 'unsupported'
  /** The service ended the session. */
  | 'closed'
  /** The other end has acknowledged nothing for too long. */
  | 'no-answer'
  /** The connection was lost and the session cannot be resumed. */
  | 'not-resumable'
  /** The local port cannot be listened on. */
  | 'local-port'
  /** What came is not what the session type promises. */
  | 'protocol';

/** A session that could not begin, or that ended without being asked to. The message is a whole sentence for a person. */
export class SessionError extends Error {
  override readonly name = 'SessionError';

  constructor(
    readonly code: SessionErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The text of whatever was thrown. */
export function textOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
