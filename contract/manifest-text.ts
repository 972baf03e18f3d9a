import { createHash } from 'node:crypto';
import { manifest as schema, type Manifest } from './manifest';

/** A manifest before it is sealed. */
export type Unsealed = Omit<Manifest, 'sealSha256'>;

const textOf = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** Text of `manifest.json`: two spaces of indentation, the seal last. */
export function writeManifest(unsealed: Unsealed): string {
  return textOf({ ...unsealed, sealSha256: sha256(textOf(unsealed)) });
}

/** A manifest that was read, or what is wrong with it. */
export type Reading = { readonly manifest: Manifest } | { readonly problem: string };

/**
 * Reads `manifest.json` and checks its seal: the SHA-256 of the text without the seal. The text must be, byte for byte, what
 * {@link writeManifest} writes for its values.
 */
export function readManifest(text: string): Reading {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { problem: `is no JSON (${String(error)})` };
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.path.map(String).join('.')} ${issue.message}`,
    );
    return { problem: `is no manifest of format version 1 (${problems.join('; ')})` };
  }
  if (textOf(json) !== text) return { problem: 'was written by something else' };
  const { sealSha256, ...unsealed } = json as Manifest;
  if (sha256(textOf(unsealed)) !== sealSha256)
    return { problem: 'does not fit its own seal: it was altered' };
  return { manifest: parsed.data };
}
