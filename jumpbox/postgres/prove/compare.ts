import type { Difference, TableRows } from '../../../contract/manifest';
import { compareCounts, compareTables, shortened, type TableName } from '../../prove/tables';
import type { ArchiveContents } from './archive';
import type { DumpData } from './script';
import { tocDifference } from './toc';

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
    ...compareCounts(counted, archive.data.tables),
    ...compareTables(archive.data.tables, restored.data.tables, exceptedOf(/^TABLE (DATA )?/)),
    ...compareSequences(archive.data, restored.data, exceptedOf(/^SEQUENCE (SET )?/)),
    ...compareLargeObjects(archive.data, restored.data),
  ];
}
