import { parseHead } from '../../../../jumpbox/postgres/restore/head';
import { plainName, rolesIn, rolesUsed } from '../../../../jumpbox/postgres/restore/roles';

describe('the head of an archive', () => {
  test('tells encoding and locale as they were, without the tablespace of the old server', () => {
    const text = `CREATE DATABASE "App; x" WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'de_DE.UTF-8' TABLESPACE = fast;`;
    expect(parseHead(text).options).toBe(` ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'de_DE.UTF-8'`);
    expect(parseHead(`CREATE DATABASE app WITH TEMPLATE = template0 ENCODING = 'SQL_ASCII';`).options).toBe(
      ` ENCODING = 'SQL_ASCII'`,
    );
    expect(parseHead('CREATE TABLE x ();').options).toBe('');
  });

  test('tells the settings of the database, and of nothing else', () => {
    const text = [
      `ALTER DATABASE app SET search_path TO 'shop', 'public';`,
      `ALTER DATABASE "a""b" SET work_mem TO '7MB';`,
      'ALTER DATABASE app OWNER TO somebody;',
      `ALTER ROLE x IN DATABASE app SET work_mem TO '9MB';`,
    ].join('\n');
    expect(parseHead(text).settings).toEqual([
      `SET search_path TO 'shop', 'public'`,
      `SET work_mem TO '7MB'`,
    ]);
  });
});

describe('roles', () => {
  test('are read from the script that makes them', () => {
    expect(
      rolesIn(`CREATE ROLE a;\nALTER ROLE a WITH LOGIN;\nCREATE ROLE "B ""c""";\n-- CREATE ROLE d;`),
    ).toEqual(['a', '"B ""c"""']);
    expect(plainName('"B ""c"""')).toBe('B "c"');
  });

  test('are used when they own something or may do something', () => {
    const definitions = [
      'ALTER TABLE shop.t OWNER TO owner;',
      'GRANT SELECT ON TABLE shop.t TO reader;',
      'GRANT ALL ON SCHEMA s TO "Odd ""one""" WITH GRANT OPTION;',
      'ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA shop GRANT SELECT ON TABLES  TO rds_x;',
      'CREATE POLICY p ON shop.t TO one, two USING (true);',
      `COMMENT ON TABLE t IS 'not TO bystanders';`,
    ].join('\n');
    const names = ['owner', 'reader', '"Odd ""one"""', 'maker', 'one', 'two', 'unused', 'rds_x', 'pg_y'];
    expect(rolesUsed(names, definitions)).toEqual(names.slice(0, 6));
  });
});
