import type { Engine } from '../../contract/engines';
import { EXIT } from '../../contract/exit-codes';
import { closedBy, type FormatCheck, incomplete } from '../backup/dump-format';
import { whenAborted } from '../backup/race';
import { leftOutWords } from '../backup/rows-left-out';
import { streamInto } from '../backup/stream';
import type { Access } from '../database/access';
import { explainedFailure } from '../database/refusal';
import type { Dumped, Facts, Session, Uploads } from '../engine';
import { plainEnvironment } from '../process/program';
import type { Context } from '../run';
import { reasonOf, Stop } from '../stop';
import { ACCOUNTS_END, accountsScript } from './accounts';
import { objectsOf, type Reach, reachOf } from './client';
import { DumpReader } from './dump-reader';
import { demandDumpable, demandUnlocked, findLeftOut } from './preflight';
import { findRowsLeftOut, withoutRows } from './rows-left-out';
import { demandSeries, seriesOf } from './tools';

/**
 * One transaction with one view of the data; no lock of the whole server, which RDS refuses; no statement that only a
 * superuser may run. Nothing is dropped by whoever restores: a table that is there already stops the restore.
 */
export const DUMP_ARGUMENTS = [
  '--single-transaction',
  '--quick',
  '--routines',
  '--events',
  '--triggers',
  '--hex-blob',
  '--no-tablespaces',
  '--skip-add-drop-table',
];

const SERVER = `
  SELECT JSON_OBJECT('version', VERSION(), 'at', DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%f'),
    'collation', (SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = DATABASE()),
    'bytes', (SELECT CAST(COALESCE(SUM(data_length), 0) AS UNSIGNED) FROM information_schema.tables
      WHERE table_schema = DATABASE()))`;

interface Server {
  readonly version: string;
  readonly at: string;
  readonly collation: string;
  readonly bytes: number;
}

/** Ground of a session, and the accounts' script, which is short. */
interface Look {
  readonly facts: Facts;
  readonly accounts: string;
}

async function lookAt(engine: Engine, reach: Reach, access: Access): Promise<Look> {
  const { databaseName } = access.settings;
  const [server] = await objectsOf<Server>(reach, databaseName, SERVER);
  if (server === undefined) throw new Stop(EXIT.failed, 'The server did not say its version.');
  const series = seriesOf(server.version);
  if ((series === undefined) !== (engine === 'mysql')) {
    throw new Stop(
      EXIT.usage,
      `The server is version ${server.version}, which is not what the setting "engine" says (${engine}). Nothing was begun.`,
    );
  }
  const dumpTool = await demandSeries(['mariadb-dump', 'mariadb'], series);
  await demandDumpable(reach, databaseName, access.login.username, engine);
  await demandUnlocked(reach, databaseName);
  const accounts = await accountsScript(reach, databaseName);
  const rowsLeftOut = await findRowsLeftOut(reach, databaseName, access.settings.leaveOutRows);
  const leftOut = [
    ...(await findLeftOut(reach, databaseName)),
    ...accounts.leftOut,
    ...leftOutWords(rowsLeftOut),
  ];
  const facts: Facts = {
    serverVersion: server.version,
    dumpTool,
    leftOut,
    rowsLeftOut,
    // The dump opens its view when it begins; this is the moment before.
    consistentPoint: { takenAt: `${server.at.slice(0, 23)}Z` },
    databaseBytes: server.bytes,
    collation: server.collation,
  };
  return { facts, accounts: accounts.text };
}

/** Reads the dump as it flows: rows are counted in what is stored, since no other connection can see the same view. */
function counting(
  database: string,
  onTable: (name: string) => void,
): FormatCheck & { tables(): Dumped['tables'] } {
  const reader = new DumpReader(database, 'count');
  const closing = closedBy('mariadb-dump', '\n-- Dump completed');
  let at: string | undefined;
  const finish = (): Dumped['tables'] => {
    try {
      return [...reader.finish().tables.values()].map(({ schema, table, rows }) => ({ schema, table, rows }));
    } catch (error) {
      throw incomplete('mariadb-dump', reasonOf(error));
    }
  };
  return {
    see: (chunk) => {
      reader.read(chunk);
      closing.see(chunk);
      if (reader.table === undefined || reader.table === at) return;
      at = reader.table;
      onTable(at);
    },
    demandWhole: () => {
      closing.demandWhole();
      finish();
    },
    tables: finish,
  };
}

async function dump(
  context: Context,
  reach: Reach,
  { accounts, facts }: Look,
  uploads: Uploads,
): Promise<Dumped> {
  const { databaseName } = context.settings;
  const { compression, watch } = uploads;
  const dataFailed = new AbortController();
  const interrupted = [whenAborted(context.signal)];
  const format = counting(databaseName, (table) => {
    watch.at(table);
  });
  const roles = streamInto(
    uploads.roles,
    {
      program: 'cat',
      args: [],
      environment: plainEnvironment(),
      input: accounts,
      format: closedBy('cat', ACCOUNTS_END),
    },
    {
      compress: () => compression.compress(uploads.roles.key),
      interrupted: [...interrupted, whenAborted(dataFailed.signal)],
      beside: [],
    },
  );
  try {
    const data = await streamInto(
      uploads.data,
      {
        program: 'mariadb-dump',
        args: [...reach.args, ...DUMP_ARGUMENTS, ...withoutRows(facts.rowsLeftOut), databaseName],
        environment: reach.environment,
        format,
      },
      {
        compress: () => compression.compress(uploads.data.key),
        interrupted,
        beside: [roles],
        onBytes: watch.bytes,
        onFailure: dataFailed,
      },
    );
    return { data, roles: await roles, tables: format.tables() };
  } finally {
    dataFailed.abort();
  }
}

/** Opens a database of MariaDB or MySQL. Nothing is held open until the dump begins. */
export async function openSession(engine: Engine, access: Access): Promise<Session> {
  const reach = reachOf(access);
  const look = await lookAt(engine, reach, access).catch((error: unknown) => {
    throw explainedFailure('The database could not be looked at', error);
  });
  return {
    facts: look.facts,
    dump: (context, uploads) => dump(context, reach, look, uploads),
    close: () => Promise.resolve(),
  };
}
