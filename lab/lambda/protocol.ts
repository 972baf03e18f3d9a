/** What the lab tells the program inside an execution environment. */
export interface Invocation {
  readonly event: unknown;
  readonly requestId: string;
  readonly functionArn: string;
  readonly runtime: string;
  /** Epoch milliseconds at which the function is stopped. */
  readonly deadline: number;
}

/** An error as Lambda returns it in the payload. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** What the program answers. */
export type Outcome =
  | { readonly failed: false; readonly payload: string }
  | { readonly failed: true; readonly error: FunctionError };
