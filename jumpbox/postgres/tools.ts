import { EXIT } from '../../contract/exit-codes';
import { versionLine } from '../process/version';
import { Stop } from '../stop';

/** Major version in a line such as `pg_dump (PostgreSQL) 17.2 (Debian 17.2-1)` or `18beta1`; undefined when there is none. */
export function majorOf(line: string): number | undefined {
  const digits = /(?:^|\s)(\d+)(?=\.|\s|$|devel|beta|rc)/.exec(line)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Makes sure that the programs are of the server's major version: an older one refuses, a newer one writes what the server of
 * a restore may not understand.
 *
 * @returns the version line of the first
 * @throws Stop with `EXIT.wrongTools`
 */
export async function demandMajor(programs: readonly string[], serverVersion: string): Promise<string> {
  const major = majorOf(serverVersion);
  const lines = await Promise.all(programs.map(versionLine));
  lines.forEach((line, at) => {
    if (majorOf(line) === major) return;
    throw new Stop(
      EXIT.wrongTools,
      `${programs[at] ?? ''} is "${line}", but the server is PostgreSQL ${serverVersion}: install the client programs of ` +
        `major version ${String(major)} on the box. Nothing was begun.`,
    );
  });
  return lines[0] ?? '';
}
