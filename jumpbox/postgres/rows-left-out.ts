import type { Client } from 'pg';
import { chooseLeftOut, type Reference } from '../backup/rows-left-out';
import { keyOf, type TableName } from '../prove/tables';
import { TABLES_SQL } from './preflight';

const REFERENCES_SQL = `
  SELECT jsonb_build_object('schema', fn.nspname, 'table', f.relname) AS "from",
    jsonb_build_object('schema', tn.nspname, 'table', t.relname) AS "to"
  FROM pg_catalog.pg_constraint c
  JOIN pg_catalog.pg_class f ON f.oid = c.conrelid JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
  JOIN pg_catalog.pg_class t ON t.oid = c.confrelid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
  WHERE c.contype = 'f' AND f.relkind = 'r'`;

/** See {@link chooseLeftOut}. */
export async function findRowsLeftOut(client: Client, patterns: readonly string[]): Promise<TableName[]> {
  if (patterns.length === 0) return [];
  const { rows: tables } = await client.query<TableName>(TABLES_SQL);
  const { rows: references } = await client.query<Reference>(REFERENCES_SQL);
  const names = tables.map(({ schema, table }) => ({ schema, table }));
  return chooseLeftOut(patterns, names, references);
}

/** Arguments by which pg_dump leaves rows out. In quotes, a pattern is a name. */
export const withoutRows = (tables: readonly TableName[]): string[] =>
  tables.map((table) => `--exclude-table-data=${keyOf(table)}`);
