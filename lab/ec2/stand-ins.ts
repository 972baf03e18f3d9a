/** What a stand-in on a box asks of the lab. */
export interface StandInCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory: string;
}

/** What the stand-in prints and how it ends. */
export interface StandInReply {
  readonly code: number;
  readonly output?: string;
  readonly errors?: string;
}

/** Does what one of the operating system's programs would do. */
export type StandIn = (args: readonly string[], call: StandInCall) => Promise<StandInReply> | StandInReply;

/** A reply that only says something. */
export const said = (output: string): StandInReply => ({ code: 0, output: `${output}\n` });

/** A failure, as the program words it. */
export const failed = (errors: string, code = 1): StandInReply => ({ code, errors: `${errors}\n` });
