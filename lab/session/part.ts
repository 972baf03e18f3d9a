/** What a part of the agent may do with the channel. */
export interface Channel {
  /** Sends to the client. @returns false when the part should wait for `drained` */
  send(payloadType: number, payload: Buffer): boolean;
  /** Stops reading from the client, or goes on. */
  listen(listening: boolean): void;
  /** The part is done: what was sent still reaches the client, then the session ends. */
  done(message?: string): void;
  log(line: string): void;
}

/** What runs in a session, once the handshake is complete. */
export interface SessionPart {
  /** Takes a payload. @returns false when it cannot yet: the client sends it again */
  input(payloadType: number, payload: Buffer): boolean;
  /** The channel takes more again. */
  drained(): void;
  /** Ends everything the part has started. */
  stop(): void;
}
