import type { Client } from 'pg';
import { EXIT } from '../../contract/exit-codes';
import { Stop } from '../stop';

/** Something that the dumping role may not read, and what would help. */
export interface Unreadable {
  /** `table`, `row security`, `schema`, `sequence`, `large object`. */
  readonly kind: string;
  readonly name: string;
  readonly cure: string;
}

/** Relations that a dump holds: not the system's, not temporary, not made by an extension (unless it asks for its data). */
const DUMPED = `
  WITH dumped AS (
    SELECT c.oid, c.relkind, c.relnamespace, n.nspname, c.relname,
      quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'
      AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
        OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig))))`;

/**
 * Everything that would stop the dump in its middle. Privileges as `pg_dump` needs them: SELECT on a table to lock it, USAGE
 * on its schema to name it, no row security in force, SELECT on sequences and large objects.
 */
export const UNREADABLE_SQL = `${DUMPED}
  SELECT 'schema' AS kind, quote_ident(n.nspname) AS name,
    'GRANT USAGE ON SCHEMA ' || quote_ident(n.nspname) || ' TO ' || quote_ident(current_user) || ';' AS cure
  FROM pg_catalog.pg_namespace n
  WHERE NOT has_schema_privilege(n.oid, 'USAGE')
    AND EXISTS (SELECT FROM dumped d WHERE d.relnamespace = n.oid AND d.relkind IN ('r', 'p', 'S'))
  UNION ALL
  SELECT 'table', name, 'GRANT SELECT ON ' || name || ' TO ' || quote_ident(current_user) || ';'
  FROM dumped WHERE relkind IN ('r', 'p') AND NOT has_table_privilege(oid, 'SELECT')
  UNION ALL
  SELECT 'row security', name, 'dump as the owner of ' || name || ' or as a role with BYPASSRLS'
  FROM dumped WHERE relkind IN ('r', 'p') AND row_security_active(oid)
  UNION ALL
  SELECT 'sequence', name, 'GRANT SELECT ON SEQUENCE ' || name || ' TO ' || quote_ident(current_user) || ';'
  FROM dumped WHERE CASE WHEN relkind = 'S' THEN NOT has_sequence_privilege(oid, 'SELECT') END
  UNION ALL
  SELECT 'large object', l.oid::text, 'GRANT SELECT ON LARGE OBJECT ' || l.oid || ' TO ' || quote_ident(current_user) || ';'
  FROM pg_catalog.pg_largeobject_metadata l
  WHERE NOT pg_has_role(l.lomowner, 'USAGE')
    AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
    AND current_setting('lo_compat_privileges') <> 'on'
    AND NOT EXISTS (SELECT FROM aclexplode(l.lomacl) a
      WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))
  ORDER BY 1, 2`;

/** Relations whose rows are in the dump, and with which condition (an extension may want only some of its rows). */
export const TABLES_SQL = `${DUMPED}
  SELECT d.nspname AS schema, d.relname AS "table", d.name, coalesce(e.condition, '') AS condition
  FROM dumped d LEFT JOIN LATERAL (
    SELECT x.extcondition[array_position(x.extconfig, d.oid)] AS condition
    FROM pg_catalog.pg_extension x WHERE d.oid = ANY (x.extconfig) LIMIT 1) e ON true
  WHERE d.relkind = 'r' ORDER BY 1, 2`;

/** What a dump leaves out by nature, when there is any. */
const LEFT_OUT_SQL = `
  SELECT 'rows of foreign tables: ' || string_agg(c.oid::pg_catalog.regclass::text, ', ' ORDER BY 1) AS what
  FROM pg_catalog.pg_class c WHERE c.relkind = 'f' HAVING count(*) > 0
  UNION ALL
  SELECT 'subscriptions: ' || string_agg(s.subname, ', ' ORDER BY 1)
  FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid AND d.datname = current_database()
  WHERE NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) HAVING count(*) > 0
  UNION ALL
  SELECT 'options of user mappings, where this role may not see them: ' || string_agg(DISTINCT srvname, ', ')
  FROM pg_catalog.pg_user_mappings WHERE umoptions IS NULL HAVING count(*) > 0
  UNION ALL
  SELECT 'other databases of the server: ' || string_agg(datname, ', ' ORDER BY datname)
  FROM pg_catalog.pg_database WHERE NOT datistemplate AND datname <> current_database() HAVING count(*) > 0`;

const ALWAYS_LEFT_OUT = [
  'passwords of roles',
  'server settings (parameter groups)',
  'planner statistics',
  'tablespaces and replication slots',
];

/** One message that names everything unreadable, with its cure. */
export function unreadableMessage(role: string, found: readonly Unreadable[]): string {
  const lines = found.map(({ kind, name, cure }) => `- ${kind} ${name}: ${cure}`);
  const head = `The role ${role} may not read everything that belongs into the backup; nothing was begun.`;
  return [head, ...lines, 'Grant it, or take these out of the database, and run the backup again.'].join(
    '\n',
  );
}

/**
 * Names everything that the dumping role cannot read, before anything is begun.
 *
 * @throws Stop with `EXIT.databaseRefused` listing all of it
 */
export async function demandReadable(client: Client, role: string): Promise<void> {
  const { rows } = await client.query<Unreadable>(UNREADABLE_SQL);
  if (rows.length > 0) throw new Stop(EXIT.databaseRefused, unreadableMessage(role, rows));
}

/** What the backup will not hold, in words. */
export async function findLeftOut(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ what: string }>(LEFT_OUT_SQL);
  return [...ALWAYS_LEFT_OUT, ...rows.map((row) => row.what)];
}
