import type { Engine } from '../../../contract/engines';
import { EXIT } from '../../../contract/exit-codes';
import type { TableRows } from '../../../contract/manifest';
import { whenAborted } from '../../backup/race';
import type { Access } from '../../database/access';
import { explainedFailure, exitOfWords } from '../../database/refusal';
import type { Prepared, Preparing, Standing, RestoreTarget } from '../../engine';
import { ProgramFailed, start } from '../../process/program';
import { into, type Take } from '../../process/pump';
import { reportingBytes } from '../../progress';
import { fetchPlain, fetchText } from '../../restore/fetch';
import { errorOf, Stop } from '../../stop';
import { identifier, linesOf, literal, objectsOf, type Reach, reachOf } from '../client';
import { demandSeries, seriesOf } from '../tools';
import { mayNameDefiners, withoutDefiners } from './definers';

/** Accounts that the script of a backup makes, as it writes them. */
export const accountsIn = (script: string): string[] =>
  [...script.matchAll(/^CREATE (?:USER|ROLE) IF NOT EXISTS (.+?)(?: ACCOUNT LOCK)?;$/gm)].flatMap(
    ([, name]) => name ?? [],
  );

const standingSql = (database: string): string => `
  SELECT JSON_OBJECT('filled',
    EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = ${literal(database)})
    OR EXISTS (SELECT 1 FROM information_schema.routines WHERE routine_schema = ${literal(database)})
    OR EXISTS (SELECT 1 FROM information_schema.events WHERE event_schema = ${literal(database)}))
  FROM information_schema.schemata WHERE schema_name = ${literal(database)}`;

async function standing(reach: Reach, database: string): Promise<Standing> {
  const [found] = await objectsOf<{ filled: number | boolean }>(reach, undefined, standingSql(database));
  if (found === undefined) return 'absent';
  return found.filled === 0 || found.filled === false ? 'empty' : 'filled';
}

async function countRows(reach: Reach, database: string, schema: string): Promise<TableRows[]> {
  const tables = await objectsOf<{ table: string }>(
    reach,
    undefined,
    `SELECT JSON_OBJECT('table', table_name) FROM information_schema.tables WHERE table_schema = ${literal(database)}
      AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')`,
  );
  const counted: TableRows[] = [];
  for (const { table } of tables) {
    const [rows] = await linesOf(reach, database, `SELECT COUNT(*) FROM ${identifier(table)}`);
    counted.push({ schema, table, rows: Number(rows) });
  }
  return counted;
}

/** Streams the dump into the client, which stops at the first error. */
async function stream(reach: Reach, work: Preparing, database: string, strip: boolean): Promise<void> {
  const { context, store, manifest } = work;
  const client = start('mariadb', [...reach.args, `--database=${database}`], {
    environment: reach.environment,
  });
  client.stdout.resume();
  const sink = into(client.stdin);
  const bare = withoutDefiners(sink.take);
  const report = reportingBytes(context.progress, 'restored');
  let bytes = 0;
  const take: Take = (chunk) => {
    report((bytes += chunk.length));
    return strip ? bare.take(chunk) : sink.take(chunk);
  };
  const ended = client.done.then(
    () => new Promise<never>(() => undefined),
    (error: unknown) => Promise.reject(refusal(error)),
  );
  ended.catch(() => undefined);
  try {
    await fetchPlain(store, manifest.data, take, [whenAborted(context.signal), ended]);
    if (strip) await bare.finish();
    sink.finish();
    await Promise.race([client.done, ended, whenAborted(context.signal)]);
  } finally {
    await client.end();
  }
}

/** ER_BINLOG_CREATE_ROUTINE_NEED_SUPER */
const WANTS_TRUST = /^ERROR 1419 /m;

function refusal(error: unknown): Error {
  if (!(error instanceof ProgramFailed)) return errorOf(error);
  const cure = WANTS_TRUST.test(error.words)
    ? '\nSet log_bin_trust_function_creators to 1 in the parameter group of the server, and restore again.'
    : '';
  return new Stop(exitOfWords(error.words), `The backup could not be restored: ${error.message}${cure}`);
}

/** Accounts that are not here. Without the privilege to look, nothing is said. */
async function settleAccounts(
  reach: Reach,
  { options }: Preparing,
  script: string,
): Promise<readonly string[]> {
  const named = accountsIn(script);
  const role = await linesOf(reach, 'mysql', `SHOW COLUMNS FROM user LIKE 'is_role'`);
  const isRole = role.length > 0 ? `is_role = 'Y'` : 'FALSE';
  const there = new Set(
    await linesOf(
      reach,
      'mysql',
      `SELECT IF(${isRole}, QUOTE(user), CONCAT(QUOTE(user), '@', QUOTE(host))) FROM user`,
    ),
  );
  const missing = named.filter((name) => !there.has(name));
  if (missing.length === 0) return [];
  if (options.roles !== 'create')
    return [
      `accounts that this server does not have (accounts.sql makes them, locked): ${missing.join(', ')}`,
    ];
  const lines = script
    .split('\n')
    .filter((line) => line.startsWith('CREATE ') && missing.some((name) => line.includes(` ${name}`)));
  await linesOf(reach, undefined, lines.map((line) => line.replace(/;$/, '')).join(';\n'));
  return [
    `accounts made, locked, without password and grants (accounts.sql has these): ${missing.join(', ')}`,
  ];
}

async function prepare(engine: Engine, reach: Reach, work: Preparing): Promise<Prepared> {
  const { context, store, manifest } = work;
  const [version = ''] = await linesOf(reach, undefined, 'SELECT VERSION()');
  await demandSeries(['mariadb'], engine === 'mysql' ? undefined : seriesOf(version));
  const older = (text: string): number[] => (/^\d+\.\d+/.exec(text)?.[0] ?? '0').split('.').map(Number);
  const [[major = 0, minor = 0], [wantedMajor = 0, wantedMinor = 0]] = [
    older(version),
    older(manifest.serverVersion),
  ];
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor))
    throw new Stop(
      EXIT.wrongTools,
      `The backup is of version ${manifest.serverVersion}, and this server is ${version}, which is older. Nothing was begun.`,
    );
  const grants = await linesOf(reach, undefined, 'SHOW GRANTS');
  const strip = !mayNameDefiners(grants);
  const accounts = await fetchText(store, manifest.roles, [whenAborted(context.signal)]);
  const notes = [
    ...(await settleAccounts(reach, work, accounts)),
    ...(strip
      ? ['definers of views, routines, triggers and events: whoever restored, who may not name others']
      : []),
  ];
  return {
    fill: async (database, before) => {
      if (before === 'absent') await linesOf(reach, undefined, createSql(database, manifest.collation));
      context.progress(`restoring into ${database} as a stream`);
      await stream(reach, work, database, strip);
      return notes;
    },
  };
}

const createSql = (database: string, collation: string | undefined): string =>
  `CREATE DATABASE ${identifier(database)}${collation === undefined ? '' : ` COLLATE ${literal(collation)}`}`;

async function undo(reach: Reach, database: string, before: Standing): Promise<void> {
  const [collation] = await linesOf(
    reach,
    undefined,
    `SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = ${literal(database)}`,
  );
  const drop = `DROP DATABASE IF EXISTS ${identifier(database)}`;
  await linesOf(reach, undefined, before === 'empty' ? `${drop};\n${createSql(database, collation)}` : drop);
}

/** A server of MariaDB or MySQL, to restore there. Neither can rename a database. */
export function openTarget(engine: Engine, access: Access): Promise<RestoreTarget> {
  const reach = reachOf(access);
  const told = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw explainedFailure('The server could not be worked with', error);
    });
  return Promise.resolve({
    standing: (database) => told(standing(reach, database)),
    prepare: (work) => told(prepare(engine, reach, work)),
    countRows: (database, schema) => told(countRows(reach, database, schema)),
    undo: (database, before) => undo(reach, database, before),
    close: () => Promise.resolve(),
  });
}
