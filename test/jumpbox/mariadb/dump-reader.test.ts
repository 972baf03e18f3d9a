import { DumpReader, type DumpContents } from '../../../jumpbox/mariadb/dump-reader';

const DUMP = [
  '/*M!999999\\- enable the sandbox mode */ ',
  '-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB',
  "-- it's a comment; with a `quote",
  "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;",
  'CREATE TABLE `t` (',
  "  `a` varchar(9) DEFAULT ';' COMMENT 'it\\'s; -- no comment'",
  ');',
  'INSERT INTO `t` VALUES',
  "(1,'),\\n(2'),",
  "(2,'x;');",
  'INSERT INTO `t` VALUES',
  '(3,NULL);',
  'CREATE TABLE `we``ird',
  'na;me` (',
  '  `a` int',
  ');',
  'INSERT INTO `we``ird',
  'na;me` (`a`, `b``;`) VALUES',
  '(1,2);',
  // As for a table with invisible columns: the first row stands on the same line.
  'CREATE TABLE `hidden` (',
  '  `a` int INVISIBLE',
  ');',
  'INSERT INTO `hidden` (`a`, `b (VALUES `) VALUES (1,2),',
  "(2,'VALUES (');",
  'INSERT INTO `hidden` (`a`, `b (VALUES `) VALUES (3,4);',
  'CREATE TABLE `empty` (',
  '  `a` int',
  ');',
  'DELIMITER ;;',
  'CREATE PROCEDURE `p`()',
  "begin -- it's only a comment",
  'INSERT INTO `t` VALUES',
  '(9,9);',
  'end ;;',
  'DELIMITER ;',
  '-- Dump completed on 2026-11-22  7:01:20',
  '',
].join('\n');

function read(text: string, size = text.length, depth: 'count' | 'digest' = 'digest'): DumpContents {
  const [reader, bytes] = [new DumpReader('app', depth), Buffer.from(text)];
  for (let at = 0; at < bytes.length; at += size) reader.read(bytes.subarray(at, at + size));
  return reader.finish();
}

const rowsOf = ({ tables }: DumpContents): Record<string, number> =>
  Object.fromEntries([...tables.values()].map(({ table, rows }) => [table, rows]));

describe('the reader of a MariaDB dump', () => {
  it('counts the rows of every table, also of one without any', () => {
    expect(rowsOf(read(DUMP))).toEqual({ t: 3, 'we`ird\nna;me': 1, hidden: 3, empty: 0 });
    expect(rowsOf(read(DUMP, 10, 'count'))).toEqual({ t: 3, 'we`ird\nna;me': 1, hidden: 3, empty: 0 });
  });

  it('cuts out the statements, and does not take the text of a routine for rows', () => {
    const { statements } = read(DUMP);
    expect(statements).toHaveLength(6);
    expect(statements[5]).toMatch(/^CREATE PROCEDURE `p`\(\)[\s\S]*\(9,9\);\nend$/);
  });

  it.each([1, 2, 3, 7, 64])('reads the same from chunks of %d bytes', (size) => {
    expect(read(DUMP, size)).toEqual(read(DUMP));
  });

  it('digests rows without their order and without what separates them', () => {
    const [one, other] = [
      'INSERT INTO `t` VALUES\n(1),\n(2);\n',
      'INSERT INTO `t` VALUES\n(2);\nINSERT INTO `t` VALUES\n(1);\n',
    ];
    expect(read(one).tables).toEqual(read(other).tables);
    expect(read(one).tables).not.toEqual(read(one.replace('(2)', '(3)')).tables);
  });

  it('digests a row longer than its buffer alike, however it is cut', () => {
    const row = `(1,'${'x'.repeat(700_000)}')`;
    const long = `INSERT INTO \`t\` VALUES\n${row},\n${row};\n`;
    expect(read(long, 65_536).tables).toEqual(read(long).tables);
    expect(read(long, 100_001).tables).toEqual(read(long).tables);
    expect(read(long, 65_536).tables).not.toEqual(read(long.replace('xx', 'xy')).tables);
  });

  it.each([
    ['within a table', DUMP.slice(0, DUMP.indexOf("(2,'x;')")), 'ends within "app"."t"'],
    ['within a statement', 'CREATE TABLE `t` (\n', 'ends within a statement'],
    ['within a routine', DUMP.slice(0, DUMP.indexOf('end ;;')), 'ends within a statement'],
    ['with rows that nobody counts', 'INSERT INTO `t` SET `a` = 1;\n', 'form that is not known'],
    ['in another form', 'INSERT INTO `t` VALUES\n1,2);\n', 'form that is not known'],
  ])('refuses a dump that ends %s', (_, text, problem) => {
    expect(() => read(text)).toThrow(problem);
  });
});
