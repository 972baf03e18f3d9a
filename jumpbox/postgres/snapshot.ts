import type { Client } from 'pg';
import type { Manifest, TableRows } from '../../contract/manifest';
import { keyOf, type TableName } from '../prove/tables';
import { EXIT } from '../../contract/exit-codes';
import { codeOf, Stop } from '../stop';
import { TABLES_SQL } from './preflight';

/** Longest wait for a table that somebody changes; a queue behind the dump would block everybody. */
export const LOCK_WAIT_MS = 60_000;
/** SQLSTATE lock_not_available. */
const NOT_AVAILABLE = '55P03';

/** One consistent view of the database, which other sessions can take part in while it is held open. */
export interface Snapshot {
  readonly point: Manifest['consistentPoint'];
  readonly databaseBytes: number;
}

/** Opens a transaction that sees the database as it is now, and keeps seeing it so. */
export async function openSnapshot(client: Client): Promise<Snapshot> {
  // None of the server's own limits may end the transaction while the dump runs.
  await client.query(
    'SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0',
  );
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const { rows } = await client.query<{ snapshot: string; lsn: string; at: Date; bytes: string }>(`
    SELECT pg_export_snapshot() AS snapshot, now() AS at, pg_database_size(current_database())::text AS bytes,
      (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END)::text AS lsn`);
  const [row] = rows;
  if (row === undefined) throw new Error('The server gave no snapshot');
  const point = { snapshot: row.snapshot, lsn: row.lsn, takenAt: row.at.toISOString() };
  return { point, databaseBytes: Number(row.bytes) };
}

interface DumpedTable {
  readonly schema: string;
  readonly table: string;
  /** Schema and table, quoted for SQL. */
  readonly name: string;
  readonly condition: string;
}

/**
 * Takes of every table whose rows are dumped the lock that a dump takes, for as long as the snapshot is held: nobody rewrites a
 * table between the dump and the count, and the count never waits behind somebody who waits for the dump.
 *
 * @throws Stop when a table is being changed for longer than {@link LOCK_WAIT_MS}
 */
export async function lockTables(client: Client): Promise<void> {
  const { rows: tables } = await client.query<DumpedTable>(TABLES_SQL);
  await client.query(`SET LOCAL lock_timeout = ${LOCK_WAIT_MS}`);
  for (const { name } of tables)
    await client.query(`LOCK TABLE ONLY ${name} IN ACCESS SHARE MODE`).catch((error: unknown) => {
      if (codeOf(error) !== NOT_AVAILABLE) throw error;
      throw new Stop(
        EXIT.unavailable,
        `The table ${name} is being changed by somebody: its lock was not to be had within ${LOCK_WAIT_MS / 1000} s. ` +
          'Nothing was begun. Try again when that is done; pg_stat_activity shows who it is.',
      );
    });
  await client.query('SET LOCAL lock_timeout = 0');
}

/** Counts the rows of every table whose rows are dumped, in the snapshot of this session, one table after the other. */
export async function countRows(client: Client, leftOut: readonly TableName[] = []): Promise<TableRows[]> {
  const isLeftOut = new Set(leftOut.map(keyOf));
  // One backend is enough: the dump itself needs the server's other cores.
  await client.query('SET LOCAL max_parallel_workers_per_gather = 0');
  const { rows: tables } = await client.query<DumpedTable>(TABLES_SQL);
  const counted: TableRows[] = [];
  for (const { schema, table, name, condition } of tables) {
    if (isLeftOut.has(keyOf({ schema, table }))) continue;
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ONLY ${name} ${condition}`);
    counted.push({ schema, table, rows: Number(rows[0]?.count) });
  }
  return counted;
}
