import type { TableRows } from '../../contract/manifest';
import { keyOf } from '../prove/tables';
import { firstLines } from './first-lines';

/** Tables whose rows are not those of the manifest, one line each; none when all are. */
export function compareRows(expected: readonly TableRows[], found: readonly TableRows[]): readonly string[] {
  const rows = new Map(found.map((table) => [keyOf(table), table.rows]));
  const known = new Set(expected.map(keyOf));
  const words = (count: number | undefined): string =>
    count === undefined ? 'no such table' : `${String(count)} rows`;
  return firstLines([
    ...expected.flatMap((table) => {
      const there = rows.get(keyOf(table));
      return there === table.rows
        ? []
        : [`- ${keyOf(table)}: ${words(table.rows)} in the backup, ${words(there)} restored`];
    }),
    ...[...rows.keys()]
      .filter((key) => !known.has(key))
      .map((key) => `- ${key}: not in the backup, but in the restored database`),
  ]);
}
