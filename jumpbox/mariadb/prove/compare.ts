import type { Difference, TableRows } from '../../../contract/manifest';
import { compareCounts, compareTables, shortened } from '../../prove/tables';
import type { DumpContents } from '../dump-reader';

/** So much of a statement is shown. */
const SHOWN_CHARACTERS = 400;

const shown = (statement: string): string => statement.slice(0, SHOWN_CHARACTERS);

/** What a statement makes, in its own words: what was created, with its name, and nothing of its definer. */
export function subjectOf(statement: string): string {
  const bare = statement.replace(
    /\/\*!\d+|\*\/|DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*`|SQL SECURITY \w+/g,
    ' ',
  );
  const words = bare.replace(/\s+/g, ' ').trim();
  const [made] =
    /^CREATE .*?(?:TABLE|SEQUENCE|VIEW|TRIGGER|EVENT|FUNCTION|PROCEDURE|PACKAGE) \S+/i.exec(words) ?? [];
  return made ?? words.slice(0, 80);
}

/** How often each statement stands in a dump. */
function counted(statements: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const statement of statements) counts.set(statement, (counts.get(statement) ?? 0) + 1);
  return counts;
}

/** Every definition of the archive is a definition of the restored database, as often, and nothing else is. */
function compareStatements(archive: readonly string[], restored: readonly string[]): Difference[] {
  const [before, after] = [counted(archive), counted(restored)];
  const surplus = (one: Map<string, number>, other: Map<string, number>): string[] =>
    [...one].flatMap(([statement, count]) => (count > (other.get(statement) ?? 0) ? [statement] : []));
  return shortened([
    ...surplus(before, after).map((statement) => ({
      what: subjectOf(statement),
      expected: shown(statement),
      found: 'missing or different',
    })),
    ...surplus(after, before).map((statement) => ({
      what: subjectOf(statement),
      expected: 'not in the backup',
      found: shown(statement),
    })),
  ]);
}

/**
 * Compares what was backed up with what it restored to.
 *
 * @param rows - per table, from the manifest
 */
export const compareContents = (
  rows: readonly TableRows[],
  archive: DumpContents,
  restored: DumpContents,
): Difference[] => [
  ...compareStatements(archive.statements, restored.statements),
  ...compareCounts(rows, archive.tables),
  ...compareTables(archive.tables, restored.tables),
];
