import { chooseLeftOut, type Reference } from '../backup/rows-left-out';
import type { TableName } from '../prove/tables';
import { objectsOf, type Reach } from './client';

const TABLES = `
  SELECT JSON_OBJECT('schema', table_schema, 'table', table_name) FROM information_schema.tables
  WHERE table_schema = DATABASE() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY table_name`;

const REFERENCES = `
  SELECT DISTINCT JSON_OBJECT('from', JSON_OBJECT('schema', table_schema, 'table', table_name),
    'to', JSON_OBJECT('schema', referenced_table_schema, 'table', referenced_table_name))
  FROM information_schema.key_column_usage
  WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL`;

/** See {@link chooseLeftOut}. */
export async function findRowsLeftOut(
  reach: Reach,
  database: string,
  patterns: readonly string[],
): Promise<TableName[]> {
  if (patterns.length === 0) return [];
  const tables = await objectsOf<TableName>(reach, database, TABLES);
  return chooseLeftOut(patterns, tables, await objectsOf<Reference>(reach, database, REFERENCES));
}

/** Arguments by which mariadb-dump leaves rows out. */
export const withoutRows = (tables: readonly TableName[]): string[] =>
  tables.map(({ schema, table }) => `--ignore-table-data=${schema}.${table}`);
