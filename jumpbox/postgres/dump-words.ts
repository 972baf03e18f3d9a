const TABLE = /^pg_dump: dumping contents of table "(.*?)"?$/;
/** What is no news but trouble: https://github.com/postgres/postgres/blob/REL_17_STABLE/src/common/logging.c */
const TROUBLE = /^pg_dump: (?:error|warning|detail|hint): /;

/**
 * Listens to `pg_dump --verbose`, which names each table as it begins with its rows. Names are written as they are: of one with a
 * line break only what stands before it is heard.
 *
 * @returns whether a line is no more than news
 */
export const heedDump =
  (onTable: (name: string) => void) =>
  (line: string): boolean => {
    const table = TABLE.exec(line)?.[1];
    if (table !== undefined) onTable(table);
    return line.startsWith('pg_dump: ') && !TROUBLE.test(line);
  };
