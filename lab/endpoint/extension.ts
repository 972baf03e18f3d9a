/** One call of an AWS API as it arrived at the lab's endpoint. */
export interface AwsCall {
  /** Signing name of the service, for example `ec2`, `ssm`, `lambda`, `s3`. */
  readonly service: string;
  /** API operation, for example `RunInstances`. For REST services it is derived from method and path. */
  readonly operation: string;
  readonly region: string;
  readonly method: string;
  /** Path with query string, as received. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The input, parsed: JSON services as they are, query services with `Name.1.Part` names kept flat. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** Answer to an {@link AwsCall}. */
export interface AwsReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Sends a call on to the emulator, changed or not. */
export type Forward = (call: AwsCall) => Promise<AwsReply>;

/** Stands in front of one operation of the emulator: answers by itself, or forwards and adds what is missing. */
export type Interceptor = (call: AwsCall, forward: Forward) => Promise<AwsReply>;

/** What the lab adds to one AWS service. */
export interface Extension {
  readonly service: string;
  readonly operations: Readonly<Record<string, Interceptor>>;
  /** Ends everything that the extension started. */
  stop?(): Promise<void>;
}
