import { EXIT } from '../../contract/exit-codes';
import { versionLine } from '../process/version';
import { Stop } from '../stop';

/**
 * Release series of MariaDB (`10.11`) in a server's version (`10.11.16-MariaDB-log`) or a program's line
 * (`mariadb-dump from 11.4.10-MariaDB, client 10.19 …`); undefined when it is not MariaDB's.
 */
export const seriesOf = (text: string): string | undefined => /(\d+\.\d+)\.\d+-MariaDB/.exec(text)?.[1];

/**
 * Makes sure that the programs are MariaDB's, and of the given release series: an older one does not know what the server
 * has, a newer one writes what it may not understand.
 *
 * @param series - undefined for a MySQL server, for which any of MariaDB's has to do
 * @returns the version line of the first
 * @throws Stop with `EXIT.wrongTools`
 */
export async function demandSeries(programs: readonly string[], series: string | undefined): Promise<string> {
  const lines = await Promise.all(programs.map(versionLine));
  lines.forEach((line, at) => {
    const found = seriesOf(line);
    if (found !== undefined && (series === undefined || found === series)) return;
    const wanted = series === undefined ? 'MariaDB' : `MariaDB ${series}, which is the server's series`;
    throw new Stop(
      EXIT.wrongTools,
      `${programs[at] ?? ''} is "${line}": install the programs of ${wanted} on the box. Nothing was begun.`,
    );
  });
  return lines[0] ?? '';
}
