import { backupPrefix, instanceOfKey, tableKey, tableOfKey } from '../../contract/keys';

const PREFIX = backupPrefix('größe/app', new Date('2026-11-22T03:00:00Z'), 'i-0123456789abcdef0');

test.each(['public.event', 'a/b.c d', String.raw`x.\x0a"`, '表.😀', '%41.%', 'x'.repeat(64)])(
  'a key tells of the table %s',
  (table) => {
    const key = tableKey(PREFIX, table);
    expect(tableOfKey(key)).toBe(table);
    expect(instanceOfKey(key)).toBe('i-0123456789abcdef0');
  },
);

test.each(['database.pgdump.zst', 'now/', 'now/%', 'now/%1B%5B2J', 'now/a%0Ab', 'now/%E2%80%AE', 'now/a/b'])(
  'no table is told of by %s',
  (rest) => {
    expect(tableOfKey(`${PREFIX}${rest}`)).toBeUndefined();
  },
);
