import { heedDump } from '../../../jumpbox/postgres/dump-words';

function hear(...lines: string[]): { readonly tables: string[]; readonly kept: string[] } {
  const tables: string[] = [];
  const heed = heedDump((table) => tables.push(table));
  return { tables, kept: lines.filter((line) => !heed(line)) };
}

test('each table is heard of, whatever its name', () => {
  const { tables, kept } = hear(
    'pg_dump: dumping contents of table "shop.event"',
    'pg_dump: dumping contents of table "a".b."c""',
    'pg_dump: dumping contents of table "two.li',
    'nes"',
  );
  expect(tables).toEqual(['shop.event', 'a".b."c"', 'two.li']);
  expect(kept).toEqual([]);
});

test('news is forgotten, and trouble is kept', () => {
  const trouble = [
    'pg_dump: error: query failed: ERROR:  canceling statement due to lock timeout',
    'pg_dump: detail: Query was: LOCK TABLE',
    'pg_dump: hint: try',
    'pg_dump: warning: there are circular foreign-key constraints on this table:',
    'a line of its own',
    'WARNING:  something of the server',
  ];
  const { tables, kept } = hear(
    'cannot be loaded',
    'pg_dump: reading schemas',
    ...trouble,
    'pg_dump: saving encoding = UTF8',
  );
  expect(kept).toEqual(['cannot be loaded', ...trouble]);
  expect(tables).toEqual([]);
});
