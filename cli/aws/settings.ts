import type { Context } from '../framework/command';

/** Milliseconds to connect, and to wait for an answer that takes no work. */
const CONNECT_MS = 5_000;
const ANSWER_MS = 30_000;

/** Settings that every SDK client is made with. */
export interface ClientSettings {
  readonly region?: string;
  readonly profile?: string;
  readonly maxAttempts: number;
  readonly requestHandler: { readonly connectionTimeout: number; readonly requestTimeout: number };
}

/** What was said about region and profile; the rest the SDK finds by itself, as the AWS CLI does. */
export function clientSettings(
  { region, profile }: Pick<Context, 'region' | 'profile'>,
  answerMs: number = ANSWER_MS,
): ClientSettings {
  return {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    maxAttempts: 4,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: answerMs },
  };
}
