import { z } from 'zod';
import { PURPOSES } from './purposes';

/** An EC2 instance id. */
export const instanceId = z
  .string()
  .regex(/^i-([0-9a-f]{8}|[0-9a-f]{17})$/, 'must be an instance id such as i-0123456789abcdef0');

/** Text that a tag's value can hold. */
const tagText = z
  .string()
  .max(200)
  .regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u, 'may hold letters, digits, spaces and _ . : / = + - @');

/** A name that somebody chose, as it may stand in a tag. */
const identifier = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, underscores or dashes');

/**
 * Event of the create function that opens a box. `{}` is valid.
 * `requestId` makes the call repeatable: while its box lives, the same id returns that box. With `holder` the box is a lock
 * as well: the same request of another holder is refused as long as it lives.
 */
export const openEvent = z.strictObject({
  purpose: z.enum(PURPOSES).optional(),
  ttlMinutes: z.int().min(1).optional(),
  reason: tagText.optional(),
  requestedBy: tagText.optional(),
  requestId: identifier.optional(),
  holder: identifier.optional(),
});

/** Event of the create function that moves the expiry of a live box to `ttlMinutes` from now. */
export const extendEvent = z.strictObject({ instanceId, ttlMinutes: z.int().min(1) });

/** Event of the destroy function that ends one box. */
export const destroyOneEvent = z.strictObject({ instanceId });

/** Event of the destroy function that ends every box of the stack. */
export const destroyAllEvent = z.strictObject({ all: z.literal(true) });

/** Event of the destroy function that ends whatever a holder has opened, also what is still being launched. */
export const destroyHeldEvent = z.strictObject({ holder: identifier });

/** Event of {@link openEvent}. */
export type OpenEvent = z.infer<typeof openEvent>;
/** Event of {@link extendEvent}. */
export type ExtendEvent = z.infer<typeof extendEvent>;
/** Event of the destroy function: {@link destroyOneEvent}, {@link destroyHeldEvent} or {@link destroyAllEvent}. */
export type DestroyEvent =
  z.infer<typeof destroyOneEvent> | z.infer<typeof destroyHeldEvent> | z.infer<typeof destroyAllEvent>;

/** A live box as create and extend return it. */
export interface BoxResult {
  readonly instanceId: string;
  readonly purpose: string;
  /** EC2 state name: `pending`, `running`, … */
  readonly state: string;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
  readonly requestId: string;
  /** True when an earlier call with the same `requestId` had opened the box. */
  readonly existing: boolean;
  /** Session document that leads to the SSH server of an intake box; no other box has one. */
  readonly intakeDocument?: string;
  /** Ready commands for a shell, by what they do. */
  readonly connect: Readonly<Record<string, string>>;
}

/** What destroy returns: every box it was asked about is `terminated` when it returns without error. */
export interface DestroyResult {
  readonly terminated: readonly string[];
}

/** What one sweep did. */
export interface SweepResult {
  /** Boxes terminated, with the reason. */
  readonly swept: readonly { readonly instanceId: string; readonly reason: string }[];
  /** Multipart uploads of dead boxes that were aborted. */
  readonly abortedUploads: readonly { readonly key: string; readonly uploadId: string }[];
}
