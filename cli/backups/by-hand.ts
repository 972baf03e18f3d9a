import type { Manifest } from '../../contract/manifest';

/** Commands that restore an exported backup with standard tools alone, from its directory. */
export function byHand(
  { engine, collation, format }: Manifest,
  files: { readonly data: string; readonly roles: string },
): string[] {
  // 7-Zip asks for the password of the archive.
  const unpack = format === '7z' ? '7za x -so' : 'zstd -dc';
  if (engine === 'postgres')
    return [
      `${unpack} ${files.roles} | psql "$server/postgres"`,
      'createdb --maintenance-db "$server/postgres" restored',
      `${unpack} ${files.data} | pg_restore --dbname "$server/restored"`,
    ];
  return [
    `mariadb -e "CREATE DATABASE restored${collation === undefined ? '' : ` COLLATE ${collation}`}"`,
    `${unpack} ${files.data} | mariadb --max-allowed-packet=1G restored`,
    `${unpack} ${files.roles} | mariadb restored`,
  ];
}
