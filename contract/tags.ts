/**
 * Tags that tie an instance to the stack that launched it.
 *
 * A box reads its own tags from instance metadata, which offers only keys made of letters, digits and `+ - = . , _ : @`
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html).
 */
export const TAGS = {
  /** ARN of the CloudFormation stack that owns the instance. */
  stack: 'drawbridge:stack',
  /** Purpose of a box, or `jump-host`. */
  purpose: 'drawbridge:purpose',
  /** Which intake source an `intake` box belongs to; no other box has it. */
  source: 'drawbridge:source',
  /** When the box must be gone: ISO 8601 in UTC, whole seconds. */
  expiresAt: 'drawbridge:expires-at',
  /** The request that opened the box; the same request never opens a second one. */
  requestId: 'drawbridge:request-id',
  /** Whoever the box is kept for; while it lives, the same request of another holder is refused. */
  holder: 'drawbridge:holder',
  /** Why the box was asked for, in the asker's words. */
  reason: 'drawbridge:reason',
  /** Who asked for the box, as the asker said; CloudTrail knows who called. */
  requestedBy: 'drawbridge:requested-by',
  /** Name shown by the console. */
  name: 'Name',
} as const;

/** Purpose tag of the standing jump host, which is no box: it has no expiry and the sweep leaves it alone. */
export const JUMP_HOST = 'jump-host';

/** Formats an instant as the expiry tag holds it, for example `2026-11-22T03:00:00Z`. */
export function formatInstant(instant: Date): string {
  return instant.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** Reads an instant as {@link formatInstant} writes it; undefined when the text is anything else. */
export function parseInstant(text: string | undefined): Date | undefined {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text)) return undefined;
  const instant = new Date(text);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}
