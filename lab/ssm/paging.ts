import { AwsFault } from '../endpoint/fault';

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly NextToken: string | undefined;
}

/** Cuts a list into pages as `MaxResults` and `NextToken` of a call ask. */
export function pageOf<T>(
  all: readonly T[],
  input: Readonly<Record<string, unknown>>,
  largest: number,
): Page<T> {
  const { MaxResults: size = largest, NextToken: token } = input;
  const start = typeof token === 'string' ? Number(Buffer.from(token, 'base64url').toString()) : 0;
  if (!Number.isInteger(start) || start < 0)
    throw new AwsFault('InvalidNextToken', 'The token is not valid.');
  const end = start + Math.min(Number(size), largest);
  const NextToken = end < all.length ? Buffer.from(String(end)).toString('base64url') : undefined;
  return { items: all.slice(start, end), NextToken };
}
