import type { Manifest } from '../../contract/manifest';

/** Commands that restore an exported backup with standard tools alone, from its directory. */
export function byHand(
  { engine, collation }: Manifest,
  files: { readonly data: string; readonly roles: string },
): string[] {
  if (engine === 'postgres')
    return [
      `zstd -dc ${files.roles} | psql "$server/postgres"`,
      'createdb --maintenance-db "$server/postgres" restored',
      `zstd -dc ${files.data} | pg_restore --dbname "$server/restored"`,
    ];
  return [
    `mariadb -e "CREATE DATABASE restored${collation === undefined ? '' : ` COLLATE ${collation}`}"`,
    `zstd -dc ${files.data} | mariadb --max-allowed-packet=1G restored`,
    `zstd -dc ${files.roles} | mariadb restored`,
  ];
}
