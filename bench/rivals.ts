import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { measure, type Measured } from './measure';
import { BUCKET, type Scene } from './scene';

/** Certificates that libpq wants in a file: no data of the database. */
const CERTIFICATES = /^authorities\.pem$/;

const shell = (script: string): [string, ...string[]] => ['bash', '-c', `set -euo pipefail\n${script}`];

/** The flags that the backup itself gives to pg_dump, but for the snapshot, which only it can have. */
const DUMP = 'pg_dump --format=custom --compress=0 --no-password';

/** What a dump takes at least: written into nothing. */
export const limit = (scene: Scene): Promise<Measured> =>
  measure(shell(`${DUMP} > /dev/null`), scene.environment);

/** The whole backup, as it runs on a box. */
export async function ours(scene: Scene): Promise<Measured> {
  const temporary = join(scene.directory, 'tmp');
  mkdirSync(temporary);
  try {
    const environment = { ...scene.environment, ...scene.box, TMPDIR: temporary };
    const watched = { directory: temporary, ignored: CERTIFICATES };
    return await measure([process.execPath, scene.program, 'backup', '--json'], environment, watched);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** What a careful person would type: no hash, no count, no commit, no proof. */
export const pipe = (scene: Scene): Promise<Measured> =>
  measure(
    shell(`${DUMP} | zstd -q -3 -T0 | "${scene.aws}" s3 cp --no-progress - s3://${BUCKET}/pipe.zst`),
    scene.environment,
  );

/** The source material's recipe: dump to a file, 7za with encrypted names, upload, remove. */
export const recipe = (scene: Scene): Promise<Measured> =>
  measure(
    shell(`cd "${scene.directory}"
      pg_dump --no-password > recipe.sql
      7za a -bd -mx9 -mhe=on -pnot-a-secret recipe.7z recipe.sql > /dev/null
      "${scene.aws}" s3 cp --no-progress recipe.7z s3://${BUCKET}/recipe.7z
      rm recipe.sql recipe.7z`),
    scene.environment,
  );
