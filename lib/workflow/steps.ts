import { Aws } from 'aws-cdk-lib';

/** States of a machine by name, as the Amazon States Language writes them. */
export type States = Readonly<Record<string, object>>;

/** A JSONata expression. */
export const jsonata = (expression: string): string => `{% ${expression} %}`;

/** Name of an integration, for example `lambda:invoke` or `aws-sdk:ssm:sendCommand`. */
export const integration = (name: string): string => `arn:${Aws.PARTITION}:states:::${name}`;

/** JSONata for the reason of an error. What Lambda makes of an error that a function throws is JSON. */
export const CAUSE =
  "($told := $exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : 'no reason was given'; " +
  '$contains($told, \'"errorMessage"\') ? $parse($told).errorMessage : $told)';

/** Keeps what went wrong in the variables `error` and `cause` and goes on to `next`. */
export const failTo = (next: string, ...errors: readonly string[]): object => ({
  ErrorEquals: errors.length === 0 ? ['States.ALL'] : errors,
  Assign: { error: jsonata('$states.errorOutput.Error'), cause: jsonata(CAUSE) },
  Next: next,
});

/** A failure that no service reported: the two expressions say which kind and why. */
export const failure = (error: string, cause: string, next: string): object => ({
  Type: 'Pass',
  Assign: { error: jsonata(error), cause: jsonata(cause) },
  Output: {},
  Next: next,
});

/**
 * Errors of the way to a service, for calls that may be repeated. Jitter keeps many databases from coming back at once.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
export const repeat = (...errors: readonly string[]): object => ({
  ErrorEquals: errors,
  IntervalSeconds: 5,
  BackoffRate: 2,
  MaxAttempts: 5,
  JitterStrategy: 'FULL',
});

/** What Lambda answers when it could not run a function, whatever the function would have said. */
export const LAMBDA_TROUBLE = [
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  'Sandbox.Timedout',
];

/** Calls one of our functions with a payload. */
export const invoke = (functionName: string, payload: object | string): object => ({
  Type: 'Task',
  Resource: integration('lambda:invoke'),
  Arguments: { FunctionName: functionName, Payload: payload },
});
