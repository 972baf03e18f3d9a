/**
 * Compares dotted versions number by number; missing parts count as 0.
 *
 * @returns below 0 when `left` is older, 0 when they are equal, above 0 when `left` is newer
 */
export function compareVersions(left: string, right: string): number {
  const numbers = (version: string): number[] =>
    version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [one, other] = [numbers(left), numbers(right)];
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Agents newer than this carry many connections in one session. Source: aws/session-manager-plugin, src/config/config.go. */
export const LAST_AGENT_WITHOUT_MULTIPLEXING = '3.0.196.0';
/** Agents newer than this want no smux keep-alives, or their idle timeout never fires (same file). */
export const LAST_AGENT_WITH_KEEP_ALIVE = '3.1.1511.0';
/**
 * What this client says it is; it decides what an agent expects of it. The release whose source was read, and the oldest that
 * Session Manager supports (https://docs.aws.amazon.com/systems-manager/latest/userguide/plugin-version-history.html).
 */
export const CLIENT_VERSION = '1.2.764.0';
