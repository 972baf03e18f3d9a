/** What happens to a session's connection while the session goes on, for those who show or count it. */
export type SessionEvent =
  /** The connection is gone; another is being sought. Nothing that was sent is lost. */
  | { readonly type: 'lost'; readonly why: string }
  /** A new token is about to be asked for, by {@link OpenOptions.resume}. Attempts count from 1. */
  | { readonly type: 'token-needed'; readonly attempt: number }
  /** No token, or no connection with it; tried again after `retryInMs` milliseconds. */
  | {
      readonly type: 'resume-failed';
      readonly attempt: number;
      readonly why: string;
      readonly retryInMs: number;
    }
  /** Connected again, `afterMs` milliseconds after the connection was lost. */
  | { readonly type: 'resumed'; readonly afterMs: number };
