import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BOX_ENVIRONMENT } from '../contract/environment';
import { measure, type Measured } from './measure';
import { ARCHIVE_PASSWORD, BUCKET, type Scene } from './scene';

/** Certificates that the dump programs want in a file: no data of the database. */
const CERTIFICATES = /^authorities\.pem$/;

const shell = (script: string): [string, ...string[]] => ['bash', '-c', `set -euo pipefail\n${script}`];

/** What a dump takes at least: written into nothing. */
export const limit = (scene: Scene): Promise<Measured> =>
  measure(shell(`${scene.database.dump} > /dev/null`), scene.environment);

/** The whole backup, as it runs on a box. */
export async function ours(scene: Scene): Promise<Measured> {
  const temporary = join(scene.directory, 'tmp');
  mkdirSync(temporary);
  try {
    const places = { TMPDIR: temporary, [BOX_ENVIRONMENT.scratchDirectory]: temporary };
    const environment = { ...scene.environment, ...scene.box, ...places };
    const watched = { directory: temporary, ignored: CERTIFICATES };
    return await measure([process.execPath, scene.program, 'backup', '--json'], environment, watched);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

const store = (scene: Scene): string => `"${scene.aws}" s3 cp --no-progress - s3://${BUCKET}/pipe`;

/** With 7-Zip, which needs files: the same settings as the box's, and the password where everybody puts it. */
const archived = (scene: Scene): string => `cd "${scene.directory}"
  ${scene.database.dump} > pipe.dump
  7za a -bd -mx=3 -mmt=2 -mhe=on -p${ARCHIVE_PASSWORD} pipe.7z pipe.dump > /dev/null
  rm pipe.dump
  ${store(scene)} < pipe.7z
  rm pipe.7z`;

/** What a careful person would type to the same end: no hash, no count, no commit, no proof. */
export const pipe = (scene: Scene): Promise<Measured> => {
  const seal = scene.recipient === undefined ? '' : `| age -r ${scene.recipient}`;
  const streamed = `${scene.database.dump} | zstd -q -3 -T0 ${seal} | ${store(scene)}`;
  return measure(shell(scene.format === '7z' ? archived(scene) : streamed), scene.environment);
};

/** The source material's recipe: dump to a file, 7za with encrypted names, upload, remove. */
export const recipe = (scene: Scene): Promise<Measured> =>
  measure(
    shell(`cd "${scene.directory}"
      ${scene.database.dump.replace('--format=custom --compress=0', '')} > recipe.sql
      7za a -bd -mx9 -mhe=on -p${ARCHIVE_PASSWORD} recipe.7z recipe.sql > /dev/null
      "${scene.aws}" s3 cp --no-progress recipe.7z s3://${BUCKET}/recipe.7z
      rm recipe.sql recipe.7z`),
    scene.environment,
  );
