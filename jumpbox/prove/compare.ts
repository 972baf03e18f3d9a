import type { Difference, TableRows } from '../../contract/manifest';
import type { ArchiveContents } from './archive';
import { keyOf, type TableName } from './names';
import type { DumpData, TableData } from './script';
import { tocDifference } from './toc';

/** Most differences of one kind that a proof lists; how many more there are is said. */
const LISTED = 50;

const shortened = (differences: readonly Difference[]): Difference[] => {
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

/** Every function, index, table, … of the archive stands in the restored database, as often, and nothing else does. */
function compareToc(
  archive: ArchiveContents,
  restored: ArchiveContents,
  excepted: ReadonlySet<string>,
): Difference[] {
  const { missing, unexpected } = tocDifference(archive.toc, restored.toc);
  return shortened([
    ...missing
      .filter((identity) => !excepted.has(identity))
      .map((identity) => ({ what: identity.trim(), expected: 'restored', found: 'missing' })),
    ...unexpected.map((identity) => ({
      what: identity.trim(),
      expected: 'not in the backup',
      found: 'restored',
    })),
  ]);
}

/** The rows that were counted in the snapshot are the rows that the archive holds. */
function compareCounts(manifest: readonly TableRows[], archive: DumpData): Difference[] {
  const counted = new Map(manifest.map((table) => [keyOf(table), table.rows]));
  const keys = new Set([...counted.keys(), ...archive.tables.keys()]);
  return shortened(
    [...keys].flatMap((key) => {
      const [expected, found] = [counted.get(key), archive.tables.get(key)?.rows];
      if (expected === found) return [];
      const words = (rows: number | undefined): string =>
        rows === undefined ? 'no such table' : `${String(rows)} rows`;
      return [{ what: `rows of ${key} in the archive`, expected: words(expected), found: words(found) }];
    }),
  );
}

function compareTables(
  archive: DumpData,
  restored: DumpData,
  isExcepted: (table: TableName) => boolean,
): Difference[] {
  return shortened(
    [...archive.tables].flatMap(([key, table]) => {
      if (isExcepted(table)) return [];
      const [expected, found] = [describe(table), describe(restored.tables.get(key))];
      return expected === found ? [] : [{ what: `data of ${key}`, expected, found }];
    }),
  );
}

function compareSequences(
  archive: DumpData,
  restored: DumpData,
  isExcepted: (name: TableName) => boolean,
): Difference[] {
  return shortened(
    [...archive.sequences].flatMap(([key, sequence]) => {
      if (isExcepted(sequence)) return [];
      const [expected, found] = [
        sequence.statement,
        restored.sequences.get(key)?.statement ?? 'no such sequence',
      ];
      return expected === found ? [] : [{ what: `value of sequence ${key}`, expected, found }];
    }),
  );
}

function compareLargeObjects(archive: DumpData, restored: DumpData): Difference[] {
  const words = ({ rows, digest }: DumpData['largeObjects']): string => `${String(rows)}, digest ${digest}`;
  const [expected, found] = [words(archive.largeObjects), words(restored.largeObjects)];
  return expected === found ? [] : [{ what: 'large objects', expected, found }];
}

/**
 * Compares what was backed up with what it restored to.
 *
 * @param counted - rows per table, from the manifest
 * @param excepted - identities of entries that a scratch server cannot have
 */
export function compareContents(
  counted: readonly TableRows[],
  archive: ArchiveContents,
  restored: ArchiveContents,
  excepted: ReadonlySet<string>,
): Difference[] {
  const exceptedOf =
    (kinds: RegExp) =>
    ({ schema, table }: TableName): boolean =>
      [...excepted].some((identity) => kinds.test(identity) && identity.includes(` ${schema} ${table} `));
  return [
    ...compareToc(archive, restored, excepted),
    ...compareCounts(counted, archive.data),
    ...compareTables(archive.data, restored.data, exceptedOf(/^TABLE (DATA )?/)),
    ...compareSequences(archive.data, restored.data, exceptedOf(/^SEQUENCE (SET )?/)),
    ...compareLargeObjects(archive.data, restored.data),
  ];
}
