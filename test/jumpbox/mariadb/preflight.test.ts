import { grantWithoutPassword } from '../../../jumpbox/mariadb/accounts';
import { missingPrivileges, seesRoutines } from '../../../jumpbox/mariadb/preflight';
import { subjectOf } from '../../../jumpbox/mariadb/prove/compare';
import { seriesOf } from '../../../jumpbox/mariadb/tools';
import { EXIT } from '../../../contract/exit-codes';
import { exitOfWords } from '../../../jumpbox/database/refusal';

const ALL = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT'];

describe('privileges that a dump needs', () => {
  it.each([
    ['GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO `u`@`%`', []],
    ['GRANT ALL PRIVILEGES ON `app`.* TO `u`@`%`', []],
    ['GRANT SELECT, SHOW VIEW, EVENT, TRIGGER ON `a%`.* TO `u`@`%`', []],
    ['GRANT SELECT, SHOW VIEW, EVENT, TRIGGER ON `ap_`.* TO `u`@`%`', []],
    ['GRANT SELECT, SHOW VIEW, EVENT, TRIGGER ON `ap\\_`.* TO `u`@`%`', ALL],
    ['GRANT SELECT, SHOW VIEW, EVENT, TRIGGER ON `other`.* TO `u`@`%`', ALL],
    ['GRANT SELECT ON `app`.* TO `u`@`%`', ALL.slice(1)],
    ['GRANT SELECT, SHOW VIEW, EVENT, TRIGGER ON `app`.`t` TO `u`@`%`', ALL],
    ['GRANT `reader` TO `u`@`%`', ALL],
  ])('%s', (line, missing) => {
    expect(missingPrivileges([line], 'app')).toEqual(missing);
  });

  it('are put together from several lines', () => {
    const lines = ['GRANT SELECT, SHOW VIEW ON *.* TO `u`@`%`', 'GRANT EVENT, TRIGGER ON `app`.* TO `r`'];
    expect(missingPrivileges(lines, 'app')).toEqual([]);
  });
});

describe('routines of others', () => {
  it.each([
    ['GRANT SELECT, RELOAD ON *.* TO `u`@`%`', true],
    ['GRANT SHOW_ROUTINE ON *.* TO `u`@`%`', true],
    ['GRANT SELECT ON `mysql`.`proc` TO `u`@`%`', true],
    ['GRANT ALL PRIVILEGES ON `app`.* TO `u`@`%`', true],
    ['GRANT SHOW CREATE ROUTINE ON `app`.* TO `u`@`%`', true],
    ['GRANT SELECT, SHOW VIEW, EVENT, TRIGGER ON `app`.* TO `u`@`%`', false],
    ['GRANT ALL PRIVILEGES ON `other`.* TO `u`@`%`', false],
  ])('%s', (line, seen) => {
    expect(seesRoutines([line], 'app')).toBe(seen);
  });
});

describe('a grant in a backup', () => {
  it.each([
    [
      "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*D7' REQUIRE SSL WITH GRANT OPTION",
      'GRANT USAGE ON *.* TO `u`@`%` REQUIRE SSL WITH GRANT OPTION;',
    ],
    [
      "GRANT SELECT ON *.* TO `u`@`%` IDENTIFIED VIA ed25519 USING 'x' OR unix_socket",
      'GRANT SELECT ON *.* TO `u`@`%`;',
    ],
    ['GRANT SELECT ON `app`.* TO `u`@`%`', 'GRANT SELECT ON `app`.* TO `u`@`%`;'],
    ['GRANT EXECUTE ON PROCEDURE `app`.`p` TO `u`@`%`', 'GRANT EXECUTE ON PROCEDURE `app`.`p` TO `u`@`%`;'],
    ['GRANT EXECUTE ON PROCEDURE `other`.`p` TO `u`@`%`', undefined],
    ['GRANT SELECT ON `other`.`t` TO `u`@`%`', undefined],
  ])('%s', (line, statement) => {
    expect(grantWithoutPassword(line, 'app')).toBe(statement);
  });
});

describe('the release series', () => {
  it.each([
    ['mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)', '10.11'],
    ['mariadb-dump from 11.4.10-MariaDB, client 10.19 for Linux (aarch64)', '11.4'],
    ['10.11.16-MariaDB-log', '10.11'],
    ['8.4.6', undefined],
    ['mysqldump  Ver 8.4.6 for Linux on aarch64 (MySQL Community Server - GPL)', undefined],
  ])('of %j', (text, series) => {
    expect(seriesOf(text)).toBe(series);
  });
});

describe('words of MariaDB', () => {
  it.each([
    ["ERROR 1045 (28000): Access denied for user 'u'@'h' (using password: YES)", EXIT.databaseRefused],
    ["ERROR 1049 (42000): Unknown database 'x'", EXIT.databaseRefused],
    ['ERROR 2026 (HY000): TLS/SSL error: unable to get local issuer certificate', EXIT.databaseRefused],
    ["ERROR 2002 (HY000): Can't connect to server on 'h' (115)", EXIT.unavailable],
    ['mariadb-dump: Error 2013: Lost connection to server during query when dumping', EXIT.unavailable],
    ['mariadb-dump: Error 2026: TLS/SSL error: unexpected eof while reading when dumping', EXIT.unavailable],
    ['mariadb-dump: Error: 1412: Table definition has changed, please retry transaction', EXIT.failed],
  ])('%j', (words, exit) => {
    expect(exitOfWords(words)).toBe(exit);
  });
});

describe('the subject of a statement', () => {
  it.each([
    ['CREATE TABLE `t` (\n  `a` int\n)', 'CREATE TABLE `t`'],
    ['CREATE DEFINER=`a`@`b` PROCEDURE `p`()\nbegin end', 'CREATE PROCEDURE `p`()'],
    ['/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 trigger tr before insert', 'CREATE trigger tr'],
    ['/*!50001 DROP VIEW IF EXISTS `v`*/', 'DROP VIEW IF EXISTS `v`'],
  ])('%j', (statement, subject) => {
    expect(subjectOf(statement)).toBe(subject);
  });
});
