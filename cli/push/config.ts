import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { EXIT } from '../../contract/exit-codes';
import { MOST_CHANNELS } from '../../contract/intake-protocol';
import { Problem } from '../framework/problem';

const text = z.string().min(1);
const source = z.strictObject({
  /** Absolute: of this machine, or of `host`. */
  path: text.startsWith('/', 'must be an absolute path'),
  /** Another machine, as for `ssh`; left out for this one. */
  host: text
    .regex(/^[\w.@:[\]-]+$/, 'must be a name for ssh, such as user@host')
    .refine((host) => !host.startsWith('-'), 'must not begin with a dash')
    .optional(),
  /** What stands before its names in the intake. */
  as: z
    .string()
    .regex(/^(?!\/)[^\0]*[^/\0]$/, 'must be a path without slashes at its ends')
    .optional(),
  exclude: z.array(text).default([]),
});

const config = z.strictObject({
  /** Names of the source's two functions: outputs of the stack. */
  createFunction: text,
  destroyFunction: text,
  region: text.optional(),
  ttlMinutes: z.int().min(1).optional(),
  /** KiB per second, all channels together. */
  bandwidthKiBps: z.int().min(1).optional(),
  /** Sessions that carry files at a time: more than one where a session is slower than the network. */
  channels: z.int().min(1).max(MOST_CHANNELS, `must be from 1 to ${MOST_CHANNELS}`).default(1),
  paths: z.array(source).min(1, 'must name at least one path'),
});

/** What the machine hands in, and to whom. */
export type PushConfig = z.infer<typeof config>;

/** @throws Problem naming everything that is wrong with the file */
export function readConfig(path: string): PushConfig {
  const next = '`drawbridge vm-config <source>` prints one to begin with.';
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Problem(EXIT.usage, `The file ${path} cannot be read: ${why}.`, next);
  }
  const read = config.safeParse(json);
  if (read.success) return read.data;
  const lines = read.error.issues.map(({ path: at, message }) => `- ${at.map(String).join('.')}: ${message}`);
  throw new Problem(
    EXIT.usage,
    [`The file ${path} was refused; nothing was sent.`, ...lines].join('\n'),
    next,
  );
}
