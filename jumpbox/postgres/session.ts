import { EXIT } from '../../contract/exit-codes';
import type { TableRows } from '../../contract/manifest';
import { whenAborted } from '../backup/race';
import { leftOutWords } from '../backup/rows-left-out';
import { streamInto } from '../backup/stream';
import type { Access } from '../database/access';
import { databaseStop } from '../database/refusal';
import type { Dumped, Facts, Session, Uploads } from '../engine';
import { ProgramFailed } from '../process/program';
import type { TableName } from '../prove/tables';
import type { Context } from '../run';
import { Stop } from '../stop';
import { connect, type Connection, libpqEnvironment } from './connection';
import { customFormat, rolesScript } from './dump-format';
import { heedDump } from './dump-words';
import { demandReadable, findLeftOut } from './preflight';
import { findRowsLeftOut, withoutRows } from './rows-left-out';
import { countRows, LOCK_WAIT_MS, lockTables, openSnapshot } from './snapshot';
import { demandMajor } from './tools';

/** Refuses whatever would fail later, then opens the snapshot. */
async function lookAt(access: Access, { client }: Connection): Promise<Facts> {
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  const serverVersion = rows[0]?.server_version ?? '';
  const dumpTool = await demandMajor(['pg_dump', 'pg_dumpall'], serverVersion);
  await demandReadable(client, access.login.username);
  const rowsLeftOut = await findRowsLeftOut(client, access.settings.leaveOutRows);
  const leftOut = [...(await findLeftOut(client)), ...leftOutWords(rowsLeftOut)];
  const { point, databaseBytes } = await openSnapshot(client);
  await lockTables(client);
  return { serverVersion, dumpTool, leftOut, rowsLeftOut, consistentPoint: point, databaseBytes };
}

const dumpArguments = (snapshot: string, rowsLeftOut: readonly TableName[]): string[] => [
  '--format=custom',
  '--compress=0',
  `--snapshot=${snapshot}`,
  `--lock-wait-timeout=${String(LOCK_WAIT_MS)}`,
  '--no-password',
  '--verbose',
  ...withoutRows(rowsLeftOut),
];

/** Streams roles and data into their uploads while the rows are counted in the same snapshot. */
async function dump(
  context: Context,
  access: Access,
  connection: Connection,
  snapshot: string,
  rowsLeftOut: readonly TableName[],
  uploads: Uploads,
): Promise<Dumped> {
  const environment = libpqEnvironment(access);
  const { databaseName } = context.settings;
  const { compression, watch } = uploads;
  const dataFailed = new AbortController();
  const interrupted = [whenAborted(context.signal), connection.lost];
  const roles = streamInto(
    uploads.roles,
    {
      program: 'pg_dumpall',
      args: ['--roles-only', '--no-role-passwords', `--database=${databaseName}`, '--no-password'],
      environment,
      format: rolesScript(),
    },
    {
      compress: () => compression.compress(uploads.roles.key),
      interrupted: [...interrupted, whenAborted(dataFailed.signal)],
      beside: [],
    },
  );
  const counted = countRows(connection.client, rowsLeftOut).catch((error: unknown) => {
    throw databaseStop('The rows could not be counted', error);
  });
  // A count that waits or takes long is not waited for when the dump has failed: closing the session ends it.
  const counting: Promise<TableRows[]> = Promise.race([counted, whenAborted(dataFailed.signal)]);
  try {
    const data = await streamInto(
      uploads.data,
      {
        program: 'pg_dump',
        args: dumpArguments(snapshot, rowsLeftOut),
        environment,
        format: customFormat(),
        heed: heedDump((table) => {
          watch.at(table);
        }),
      },
      {
        compress: () => compression.compress(uploads.data.key),
        interrupted,
        beside: [counting, roles],
        onBytes: watch.bytes,
        onFailure: dataFailed,
      },
    );
    return { data, roles: await roles, tables: await counting };
  } finally {
    dataFailed.abort();
  }
}

/** Opens a database of PostgreSQL and a snapshot of it, which is held until the session is closed. */
export async function openSession(access: Access): Promise<Session> {
  const connection = await connect(access);
  // When the server is gone there is nobody left to say goodbye to.
  const close = (): Promise<void> => connection.client.end().catch(() => undefined);
  try {
    const facts = await lookAt(access, connection);
    const { rowsLeftOut } = facts;
    const { snapshot } = facts.consistentPoint;
    if (snapshot === undefined) throw new Stop(EXIT.failed, 'The server gave no snapshot.');
    return {
      facts,
      dump: (context, uploads) => dump(context, access, connection, snapshot, rowsLeftOut, uploads),
      close,
    };
  } catch (error) {
    await close();
    throw error instanceof ProgramFailed ? error : databaseStop('The database could not be looked at', error);
  }
}
