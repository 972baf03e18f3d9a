import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { inBytes } from '../../../contract/bytes';
import { EXIT } from '../../../contract/exit-codes';
import { whenAborted } from '../../backup/race';
import type { Access } from '../../database/access';
import { databaseStop } from '../../database/refusal';
import type { Prepared, Preparing, Standing, RestoreTarget } from '../../engine';
import { reportingBytes } from '../../progress';
import { freeBytes } from '../../prove/room';
import { fetchFile, fetchText } from '../../restore/fetch';
import { Stop } from '../../stop';
import { connect, type Connection, libpqEnvironment } from '../connection';
import { countRows } from '../snapshot';
import { demandMajor, majorOf } from '../tools';
import { runRestore } from './fill';
import { type ArchiveHead, readHead } from './head';
import { demandRoles, plainName, rolesIn, rolesUsed } from './roles';

/** Database that every server has, and that is nobody's. */
const MAINTENANCE = 'postgres';

/** Room besides the dump. */
const AIR_BYTES = 64 * 1024 ** 2;

const inDatabase = (access: Access, databaseName: string): Access => ({
  ...access,
  settings: { ...access.settings, databaseName },
});

async function using<T>(access: Access, database: string, use: (client: Client) => Promise<T>): Promise<T> {
  const { client, lost } = await connect(inDatabase(access, database));
  try {
    return await Promise.race([use(client), lost]);
  } catch (error) {
    throw databaseStop(`The database ${database} could not be worked with`, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Anything that somebody made: relations, functions, types, schemas, large objects, extensions. */
const HOLDS_SOMETHING = `
  WITH own AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
  SELECT EXISTS (SELECT FROM own WHERE nspname <> 'public')
    OR EXISTS (SELECT FROM pg_class WHERE relnamespace IN (SELECT oid FROM own))
    OR EXISTS (SELECT FROM pg_proc WHERE pronamespace IN (SELECT oid FROM own))
    OR EXISTS (SELECT FROM pg_type WHERE typnamespace IN (SELECT oid FROM own))
    OR EXISTS (SELECT FROM pg_largeobject_metadata)
    OR EXISTS (SELECT FROM pg_extension WHERE extname <> 'plpgsql') AS filled`;

async function standing(access: Access, client: Client, database: string): Promise<Standing> {
  const { rows } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  if (rows.length === 0) return 'absent';
  const looked = await using(access, database, (inside) =>
    inside.query<{ filled: boolean }>(HOLDS_SOMETHING),
  );
  return looked.rows[0]?.filled === false ? 'empty' : 'filled';
}

/** Makes roles that are missing, or refuses; says which. */
async function settleRoles(
  client: Client,
  work: Preparing,
  script: string,
  head: ArchiveHead,
): Promise<readonly string[]> {
  const used = rolesUsed(rolesIn(script), head.definitions);
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
  const there = new Set(rows.map(({ rolname }) => rolname));
  const missing = used.filter((name) => !there.has(plainName(name)));
  demandRoles(missing, work.options.roles);
  if (work.options.roles === 'skip')
    return ['owners and grants are left out: everything belongs to whoever restored'];
  for (const name of missing) await client.query(`CREATE ROLE ${name} NOLOGIN`);
  if (missing.length === 0) return [];
  return [`roles made without login, password and memberships (roles.sql has these): ${missing.join(', ')}`];
}

async function prepare(access: Access, { client }: Connection, work: Preparing): Promise<Prepared> {
  const { context, store, manifest, options, directory } = work;
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  const serverVersion = rows[0]?.server_version ?? '';
  await demandMajor(['pg_restore'], serverVersion);
  if ((majorOf(serverVersion) ?? 0) < (majorOf(manifest.serverVersion) ?? 0))
    throw new Stop(
      EXIT.wrongTools,
      `The backup is of PostgreSQL ${manifest.serverVersion}, and this server is ${serverVersion}, which is older. Nothing was begun.`,
    );
  const [free, needed] = [await freeBytes(directory), manifest.data.plainBytes + AIR_BYTES];
  if (free < needed)
    throw new Stop(
      EXIT.noRoom,
      `The dump has no room on the disk of this box: ${inBytes(free)} are free, ${inBytes(needed)} are needed. ` +
        'Nothing was begun. Give boxes a larger disk (boxVolumeGiB).',
    );
  const interrupted = [whenAborted(context.signal)];
  const script = await fetchText(store, manifest.roles, interrupted);
  const file = join(directory, 'database.pgdump');
  const report = reportingBytes(context.progress, 'fetched');
  await fetchFile(store, manifest.data, file, interrupted, report);
  context.progress(`fetched ${inBytes(manifest.data.plainBytes)}: every byte is as it was backed up`);
  const head = await readHead(file);
  const roleNotes = await settleRoles(client, work, script, head);
  const restoring = {
    directory,
    file,
    environment: libpqEnvironment(access),
    jobs: options.jobs ?? availableParallelism(),
    bare: options.roles === 'skip',
    signal: context.signal,
  };
  return {
    fill: async (database, before) => {
      if (before === 'absent')
        await client.query(`CREATE DATABASE "${database}" WITH TEMPLATE = template0${head.options}`);
      for (const setting of head.settings) await client.query(`ALTER DATABASE "${database}" ${setting}`);
      const how = before === 'empty' ? 'in one transaction' : `with ${String(restoring.jobs)} jobs`;
      context.progress(`restoring into ${database} ${how}`);
      await runRestore(restoring, database, before);
      return roleNotes;
    },
  };
}

async function replace(client: Client, database: string, by: string): Promise<string> {
  const old = by.replace(/_new_(\d+)$/, '_before_$1');
  try {
    await client.query('BEGIN');
    await client.query(`ALTER DATABASE "${database}" RENAME TO "${old}"`);
    await client.query(`ALTER DATABASE "${by}" RENAME TO "${database}"`);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw new Stop(
      EXIT.failed,
      `The backup is restored and counted, as ${by}; but it could not take the place of ${database}: ` +
        `${databaseStop('renaming', error).message}. End the sessions there, then: ALTER DATABASE "${database}" RENAME TO "${old}"; ` +
        `ALTER DATABASE "${by}" RENAME TO "${database}";`,
    );
  }
  return old;
}

/** Connects to a server of PostgreSQL, to restore there. */
export async function openTarget(access: Access): Promise<RestoreTarget> {
  const connection = await connect(inDatabase(access, MAINTENANCE));
  const { client, lost } = connection;
  const told = <T>(what: string, work: Promise<T>): Promise<T> =>
    Promise.race([work, lost]).catch((error: unknown) => {
      throw databaseStop(what, error);
    });
  return {
    standing: (database) => told('The server could not be looked at', standing(access, client, database)),
    prepare: async (work) => {
      const prepared = await told('The restore could not be prepared', prepare(access, connection, work));
      return {
        fill: (database, before) =>
          told('The database could not be restored', prepared.fill(database, before)),
      };
    },
    countRows: (database) =>
      using(access, database, async (inside) => {
        await inside.query('BEGIN READ ONLY');
        return countRows(inside);
      }),
    undo: async (database, before) => {
      // One transaction filled it, or nothing did.
      if (before === 'absent') await client.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
    },
    replace: (database, by) => replace(client, database, by),
    close: () => client.end().catch(() => undefined),
  };
}
