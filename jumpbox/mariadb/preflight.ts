import type { Engine } from '../../contract/engines';
import { EXIT } from '../../contract/exit-codes';
import { reasonOf, Stop } from '../stop';
import { identifier, linesOf, LOCK_WAIT_SECONDS, objectsOf, type Reach } from './client';

/** Something that cannot be dumped as it should be, and what would help. */
export interface Obstacle {
  readonly what: string;
  readonly cure: string;
}

/** What a dump reads, by the privileges that show it. Without one of them, things would be left out in silence. */
const NEEDED = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT'] as const;

/** Whether a pattern of a grant (`app`, `app\_%`, `%`) means this database. */
function meansDatabase(pattern: string, database: string): boolean {
  const source = pattern.replace(/\\?[\s\S]/g, (piece) => {
    if (piece === '%') return '[\\s\\S]*';
    if (piece === '_') return '[\\s\\S]';
    return piece.slice(-1).replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
  });
  return new RegExp(`^${source}$`).test(database);
}

/** Which of the privileges that a dump needs are missing, read from the lines of `SHOW GRANTS`. */
export function missingPrivileges(grants: readonly string[], database: string): string[] {
  const held = grants.flatMap((line) => {
    const [, privileges = '', name] = /^GRANT (.+?) ON (\*\.\*|`(?:[^`]|``)+`\.\*) TO /.exec(line) ?? [];
    if (name === undefined) return [];
    const pattern = name.slice(1, -3).replaceAll('``', '`');
    return name === '*.*' || meansDatabase(pattern, database) ? privileges.split(', ') : [];
  });
  return held.includes('ALL PRIVILEGES') ? [] : NEEDED.filter((privilege) => !held.includes(privilege));
}

/** Whether `SHOW GRANTS` shows a privilege to see routines that are another's; without it they are not even listed. */
export function seesRoutines(grants: readonly string[], database: string): boolean {
  const here = [
    String.raw`\*\.\*`,
    `\`${database.replaceAll('`', '``').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}\`\\.\\*`,
  ];
  const everywhere = /^GRANT .*\b(SELECT|ALL PRIVILEGES|SHOW_ROUTINE)\b.* ON \*\.\* TO /;
  const catalogue = /^GRANT .*\b(SELECT|ALL PRIVILEGES)\b.* ON `mysql`\.(\*|`proc`) TO /;
  const routines = new RegExp(
    `^GRANT .*\\b(SHOW CREATE ROUTINE|ALL PRIVILEGES)\\b.* ON (${here.join('|')}) TO `,
  );
  return grants.some((line) => [everywhere, catalogue, routines].some((pattern) => pattern.test(line)));
}

/** A dump shows one moment only of tables whose engine has transactions. */
const UNSAFE_TABLES = `
  SELECT JSON_OBJECT('what', CONCAT('table ', t.table_name, ' (', COALESCE(t.engine, 'no engine'), ')'),
    'cure', CONCAT('ALTER TABLE \`', REPLACE(t.table_name, '\`', '\`\`'), '\` ENGINE=InnoDB;'))
  FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine
  WHERE t.table_schema = DATABASE() AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
    AND COALESCE(e.transactions, 'NO') <> 'YES'
  ORDER BY t.table_name`;

const ROUTINES_CURE =
  'let this role see the text of routines: GRANT SELECT ON mysql.proc (MariaDB), GRANT SHOW_ROUTINE ON *.* (MySQL)';

/** The text of a routine is seen by its definer and by whom a privilege lets. */
const UNREADABLE_ROUTINES = `
  SELECT JSON_OBJECT('what', CONCAT(LOWER(routine_type), ' ', routine_name),
    'cure', '${ROUTINES_CURE}')
  FROM information_schema.routines
  WHERE routine_schema = DATABASE() AND routine_definition IS NULL ORDER BY routine_name`;

/** MariaDB's client writes values for generated columns, which MariaDB passes over and MySQL refuses. */
const GENERATED_COLUMNS = `
  SELECT JSON_OBJECT('what', CONCAT('generated column ', table_name, '.', column_name),
    'cure', 'MySQL would refuse the rows of this table as the client on the box writes them; drop the column')
  FROM information_schema.columns
  WHERE table_schema = DATABASE() AND generation_expression <> '' ORDER BY table_name, column_name`;

/**
 * Names everything that would stop the dump in its middle, or be left out of it in silence, before anything is begun.
 *
 * @throws Stop with `EXIT.databaseRefused` listing all of it
 */
export async function demandDumpable(
  reach: Reach,
  database: string,
  role: string,
  engine: Engine,
): Promise<void> {
  const grants = await linesOf(reach, database, 'SHOW GRANTS');
  const missing = missingPrivileges(grants, database);
  const queries = [UNSAFE_TABLES, UNREADABLE_ROUTINES, ...(engine === 'mysql' ? [GENERATED_COLUMNS] : [])];
  const found = await objectsOf<Obstacle>(reach, database, queries.join(';\n'));
  const privileges = missing.map((privilege) => ({
    what: `privilege ${privilege} on the whole database`,
    cure: `GRANT ${privilege} ON \`${database.replaceAll('`', '``')}\`.* TO ${role};`,
  }));
  const routines = { what: 'routines of others', cure: ROUTINES_CURE };
  const obstacles = [...privileges, ...(seesRoutines(grants, database) ? [] : [routines]), ...found];
  if (obstacles.length === 0) return;
  const lines = obstacles.map(({ what, cure }) => `- ${what}: ${cure}`);
  const head = `Not everything in ${database} can be dumped by ${role} as it is at one moment; nothing was begun.`;
  throw new Stop(EXIT.databaseRefused, [head, ...lines, 'Then run the backup again.'].join('\n'));
}

const TABLES = `
  SELECT JSON_OBJECT('table', table_name) FROM information_schema.tables
  WHERE table_schema = DATABASE() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY table_name`;
/** ER_LOCK_WAIT_TIMEOUT, as the client says it; the line is the statement's first or last. */
const LOCKED = /ERROR 1205 .* at line (\d+)/;

/**
 * Opens every table once. The dump program has no option for how long it waits, and would wait for a day.
 *
 * @throws Stop when a table is being changed for longer than {@link LOCK_WAIT_SECONDS}
 */
export async function demandUnlocked(reach: Reach, database: string): Promise<void> {
  const tables = await objectsOf<{ readonly table: string }>(reach, database, TABLES);
  const names = tables.map(({ table }) => identifier(table));
  // The error says the line; a name may have several.
  const looks = names.map((name) => `SELECT 1 FROM ${name} LIMIT 0`);
  const lines = looks.map((look) => look.split('\n').length);
  try {
    await linesOf(reach, database, looks.join(';\n'));
  } catch (error) {
    const line = LOCKED.exec(reasonOf(error))?.[1];
    if (line === undefined) throw error;
    let last = 0;
    const at = lines.findIndex((count) => (last += count) >= Number(line));
    throw new Stop(
      EXIT.unavailable,
      `The table ${names[at] ?? ''} is being changed by somebody: it could not be opened within ${LOCK_WAIT_SECONDS} s. ` +
        'Nothing was begun. Try again when that is done; SHOW PROCESSLIST shows who it is.',
    );
  }
}

const LEFT_OUT = `
  SELECT JSON_OBJECT('what', CONCAT('digits of FLOAT columns beyond the sixth: ', table_name, '.', column_name))
  FROM information_schema.columns WHERE table_schema = DATABASE() AND data_type = 'float';
  SELECT JSON_OBJECT('what', CONCAT('history of the system-versioned table ', table_name))
  FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'SYSTEM VERSIONED';
  SELECT JSON_OBJECT('what', CONCAT('other database of the server: ', schema_name)) FROM information_schema.schemata
  WHERE schema_name NOT IN (DATABASE(), 'information_schema', 'performance_schema', 'mysql', 'sys', 'innodb')`;

const ALWAYS_LEFT_OUT = [
  'passwords of accounts',
  'server settings (parameter groups)',
  'statistics of the optimizer',
  'binary log and its position',
];

/** What the backup will not hold, in words. */
export async function findLeftOut(reach: Reach, database: string): Promise<string[]> {
  const rows = await objectsOf<{ what: string }>(reach, database, LEFT_OUT);
  return [...ALWAYS_LEFT_OUT, ...rows.map(({ what }) => what)];
}
