import type { Difference } from '../../contract/manifest';
import type { Finding } from '../engine';

/** A finding of differences that left nothing to compare. */
export const nothingCompared = (
  differences: readonly Difference[],
  scratchServerVersion: string,
): Finding => ({
  exceptions: [],
  differences: [...differences],
  scratchServerVersion,
  tablesCompared: 0,
  rowsCompared: 0,
});

/** A finding of a comparison, with how much was compared. */
export const comparedTables = (
  found: Pick<Finding, 'exceptions' | 'differences' | 'scratchServerVersion'>,
  tables: ReadonlyMap<string, { readonly rows: number }>,
): Finding => ({
  ...found,
  tablesCompared: tables.size,
  rowsCompared: [...tables.values()].reduce((sum, table) => sum + table.rows, 0),
});
