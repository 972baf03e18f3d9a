import { Watch } from '../../../jumpbox/backup/watch';

const MIB = 1024 ** 2;

test('a line says bytes, rate and table, and the table is announced', () => {
  let now = 0;
  const [lines, announced]: [string[], string[]] = [[], []];
  const watch = new Watch(
    (line) => lines.push(line),
    (table) => announced.push(table),
    () => now,
  );
  watch.bytes(MIB, 0);
  now = 2_000;
  watch.bytes(8 * MIB, 2 * MIB);
  watch.at('shop.two\nlines\u001b[2J');
  now = 3_999;
  watch.bytes(9 * MIB, 3 * MIB);
  now = 4_000;
  watch.bytes(10 * MIB, 3 * MIB);
  expect(lines).toEqual([
    'dumped 8.0 MiB, stored 2.0 MiB, 4.0 MiB/s',
    String.raw`dumped 10.0 MiB, stored 3.0 MiB, 1.0 MiB/s, in shop.two\x0alines\x1b[2J`,
  ]);
  expect(announced).toEqual([String.raw`shop.two\x0alines\x1b[2J`]);
});
