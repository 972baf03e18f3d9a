import { z } from 'zod';

/**
 * Keys that open the objects of one backup and nothing else: key of the object → file key of age (16 bytes, base64). Their owner
 * takes them out of the objects' headers with the lasting secret key, which stays where it is, and hands them to a box encrypted
 * to a key that this box made for that alone.
 */
export const handedKeys = z.record(z.string(), z.base64().length(24));

/** See {@link handedKeys}. */
export type HandedKeys = z.infer<typeof handedKeys>;

/** What the box says when it has made the key that is to be encrypted to. */
export const oneTimeKey = z.strictObject({ recipient: z.string().regex(/^age1[0-9a-z]{58}$/) });

/** See {@link oneTimeKey}. */
export type OneTimeKey = z.infer<typeof oneTimeKey>;

/** A header of age is a few lines per recipient: it lies within so many bytes of the begin of an object. */
export const LONGEST_HEADER_BYTES = 64 * 1024;

/** The last line of a header, with its MAC: https://c2sp.org/age#header */
const HEADER_END = /^--- [A-Za-z0-9+/]{43}\n/m;

/** The header of a file of age that begins with these bytes; undefined while it is not whole. */
export function headerOf(begin: Buffer): Buffer | undefined {
  const found = HEADER_END.exec(begin.subarray(0, LONGEST_HEADER_BYTES).toString('latin1'));
  return found === null ? undefined : begin.subarray(0, found.index + found[0].length);
}
