const TABLE = /^pg_dump: dumping contents of table "(.*?)"?$/;
const OWN = /^pg_dump: /;
/** What is no news but trouble: https://github.com/postgres/postgres/blob/REL_17_STABLE/src/common/logging.c */
const TROUBLE = /^(?:pg_dump: (?:error|warning|detail|hint)|[A-Z]+): /;

/**
 * Listens to `pg_dump --verbose`, which names each table as it begins with its rows. Names are written as they are: of one with a
 * line break only what stands before it is heard, and the rest goes with it.
 *
 * @returns whether a line is no more than news
 */
export function heedDump(onTable: (name: string) => void): (line: string) => boolean {
  let isNews = false;
  return (line) => {
    const table = TABLE.exec(line)?.[1];
    if (table !== undefined) onTable(table);
    if (TROUBLE.test(line)) isNews = false;
    else if (OWN.test(line)) isNews = true;
    return isNews;
  };
}
