import { linesOf, literal, objectsOf, type Reach } from './client';

/** Closing line of the script. */
export const ACCOUNTS_END = '-- Accounts complete';

/** Accounts of the server itself and of RDS, which every server has its own of. */
const SYSTEM = /^(root|mariadb\.sys|mysql\.[a-z_.]+|rds.*|PUBLIC|)$/;

interface Account {
  readonly user: string;
  readonly host: string;
  /** MariaDB's roles have no host and cannot log in. MySQL's are accounts like others. */
  readonly role: boolean;
}

const nameOf = ({ user, host, role }: Account): string =>
  role ? literal(user) : `${literal(user)}@${literal(host)}`;

/**
 * A line of `SHOW GRANTS` without the password's hash, as a statement; undefined for what is not this backup's: grants on
 * single tables and routines of other databases.
 */
export function grantWithoutPassword(line: string, database: string): string | undefined {
  const [, within] =
    / ON (?:PROCEDURE |FUNCTION |PACKAGE |PACKAGE BODY )?`((?:[^`]|``)+)`\.`/.exec(line) ?? [];
  if (within !== undefined && within.replaceAll('``', '`') !== database) return undefined;
  const rest = String.raw`(?= REQUIRE (?:SSL|X509|NONE|ISSUER|SUBJECT|CIPHER)| WITH (?:GRANT|ADMIN|MAX_)|$)`;
  return `${line.replace(new RegExp(` IDENTIFIED (?:BY|VIA|WITH) .*?${rest}`), '')};`;
}

/**
 * The accounts and roles of the server with what they may, as SQL; without passwords, and locked: who restores them gives each a
 * new password and unlocks it. To be run after the data is there, which grants on single routines and tables need.
 */
export async function accountsScript(
  reach: Reach,
  database: string,
): Promise<{ readonly text: string; readonly leftOut: readonly string[] }> {
  const end = `${ACCOUNTS_END}\n`;
  // MySQL has no column is_role; the row's JSON tells whether it is there.
  const columns = await linesOf(reach, 'mysql', `SHOW COLUMNS FROM user LIKE 'is_role'`).catch(
    () => undefined,
  );
  if (columns === undefined)
    return { text: end, leftOut: ['accounts and what they may: this role may not read mysql.user'] };
  const role = columns.length > 0 ? `is_role = 'Y'` : 'FALSE';
  const all = await objectsOf<{ user: string; host: string; role: number | boolean }>(
    reach,
    'mysql',
    `SELECT JSON_OBJECT('user', user, 'host', host, 'role', ${role}) FROM user ORDER BY user, host`,
  );
  const accounts = all
    .filter(({ user }) => !SYSTEM.test(user))
    .map(({ user, host, role: isRole }) => ({ user, host, role: isRole === 1 || isRole === true }));
  const created = accounts.map((account) =>
    account.role
      ? `CREATE ROLE IF NOT EXISTS ${nameOf(account)};`
      : `CREATE USER IF NOT EXISTS ${nameOf(account)} ACCOUNT LOCK;`,
  );
  const asked = accounts.map((account) => `SHOW GRANTS FOR ${nameOf(account)}`);
  const grants = asked.length === 0 ? [] : await linesOf(reach, 'mysql', asked.join(';\n'));
  const granted = grants.flatMap((line) => grantWithoutPassword(line, database) ?? []);
  return { text: [...created, ...granted, end].join('\n'), leftOut: [] };
}
