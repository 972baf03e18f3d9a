import type { Difference, TableRows } from '../../contract/manifest';

/** A table or sequence as SQL names it. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** Such a name as a key and for messages: `"schema"."table"`, always quoted. */
export function keyOf({ schema, table }: TableName): string {
  return [schema, table].map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
}

/** What one table of a dump holds. */
export interface TableData extends TableName {
  readonly rows: number;
  /** See {@link RowDigest}. */
  readonly digest: string;
  /** Names of the columns as the dump lists them. */
  readonly columns: string;
}

/** Most differences of one kind that a proof lists; how many more there are is said. */
const LISTED = 50;

/** Differences of one kind, not too many of them. */
export const shortened = (differences: readonly Difference[]): Difference[] => {
  if (differences.length <= LISTED) return [...differences];
  const more = differences.length - LISTED;
  return [
    ...differences.slice(0, LISTED),
    { what: `${String(more)} more of this kind`, expected: '', found: '' },
  ];
};

const describe = (table: TableData | undefined): string =>
  table === undefined
    ? 'no such table'
    : `${String(table.rows)} rows, digest ${table.digest}, columns ${table.columns}`;

/** The rows that were counted in the snapshot are the rows that the archive holds. */
export function compareCounts(
  manifest: readonly TableRows[],
  archive: ReadonlyMap<string, TableData>,
): Difference[] {
  const counted = new Map(manifest.map((table) => [keyOf(table), table.rows]));
  const keys = new Set([...counted.keys(), ...archive.keys()]);
  return shortened(
    [...keys].flatMap((key) => {
      const [expected, found] = [counted.get(key), archive.get(key)?.rows];
      if (expected === found) return [];
      const words = (rows: number | undefined): string =>
        rows === undefined ? 'no such table' : `${String(rows)} rows`;
      return [{ what: `rows of ${key} in the archive`, expected: words(expected), found: words(found) }];
    }),
  );
}

/** Every table of the archive stands in the restored database with the same rows, in whatever order. */
export function compareTables(
  archive: ReadonlyMap<string, TableData>,
  restored: ReadonlyMap<string, TableData>,
  isExcepted: (table: TableName) => boolean = () => false,
): Difference[] {
  return shortened(
    [...archive].flatMap(([key, table]) => {
      if (isExcepted(table)) return [];
      const [expected, found] = [describe(table), describe(restored.get(key))];
      return expected === found ? [] : [{ what: `data of ${key}`, expected, found }];
    }),
  );
}
