/** A file on its way to the intake. */
export interface Outgoing {
  /** In the form of contract/intake-path.ts. */
  readonly path: string;
  /** As it was when it was opened. */
  readonly bytes: number;
  /** Whole seconds since 1970. */
  readonly modified: number | undefined;
  /** Permission bits. */
  readonly mode: number | undefined;
  /** Its content in pieces of any size, once. */
  content(): AsyncIterable<Buffer>;
  /** Frees what it holds, read or not; whoever was given the file calls it, as often as it likes. */
  close(): Promise<void>;
}

/** Something that could not be read; the others go on. */
export interface Unread {
  readonly path: string;
  readonly reason: string;
}
