import { GetObjectCommand } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inBytes } from '../../contract/bytes';
import { EXIT } from '../../contract/exit-codes';
import { BACKUP_OBJECTS } from '../../contract/keys';
import type { StoredObject } from '../../contract/manifest';
import { findStack } from '../aws/stack';
import type { ExportOptions } from '../commands/export';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import { byHand } from './by-hand';
import { type Catalog, demandManifest, withCatalog } from './catalog';
import type { Decrypt } from './decrypt';
import { idOf, prefixOf } from './id';

/** Nothing that is there already is touched. */
async function demandEmpty(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if ((await readdir(directory)).length === 0) return;
  throw new Problem(EXIT.usage, `${directory} is not empty; nothing was written.`, 'Name a new directory.');
}

/** Streams one object into a file, decrypted where it is encrypted; what S3 gave is hashed on the way. */
async function fetch(
  context: Context,
  { s3, bucket }: Catalog,
  object: StoredObject,
  path: string,
  decrypt: Decrypt | undefined,
): Promise<void> {
  const hash = createHash('sha256');
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: bucket, Key: object.key, VersionId: object.versionId }),
  );
  if (!(Body instanceof Readable)) throw new Error(`S3 gave no body of ${object.key}`);
  const hashed = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const draft = `${path}.part`;
  const file = createWriteStream(draft, { flags: 'wx', mode: 0o600 });
  const { interrupted: signal } = context;
  await (decrypt === undefined
    ? pipeline(Body, hashed, file, { signal })
    : pipeline(Body, hashed, decrypt, file, { signal }));
  const found = hash.digest('hex');
  if (found !== object.storedSha256)
    throw new Problem(
      EXIT.notProven,
      `${object.key} is not what the manifest says: its SHA-256 is ${found}, not ${object.storedSha256}.`,
      'Nothing was kept. Choose another backup.',
    );
  await rename(draft, path);
}

/** Brings a backup here: all of it, verified, or nothing. */
export async function runExport(
  context: Context,
  options: ExportOptions,
  id: string,
  into: string | undefined,
): Promise<number> {
  const prefix = prefixOf(id);
  const stack = await findStack(context);
  const directory = resolve(into ?? idOf(prefix).replace('/', '_'));
  return withCatalog(context, stack, async (catalog) => {
    const found = await catalog.find(prefix);
    const manifest = demandManifest(found, await catalog.details(found), 'Choose another backup.');
    const encrypted = 'encryption' in manifest;
    if (encrypted && options.identity === undefined)
      throw new Problem(
        EXIT.usage,
        `${found.id} is encrypted by age.`,
        'Name the file of your key with --identity.',
      );
    const decrypt =
      options.identity === undefined
        ? undefined
        : await (await import('./decrypt')).decryptWith(options.identity);
    await demandEmpty(directory);
    const nameOf = ({ key }: StoredObject): string => basename(key).replace(/\.age$/, '');
    try {
      await writeFile(
        join(directory, BACKUP_OBJECTS.manifest),
        await catalog.read(`${prefix}${BACKUP_OBJECTS.manifest}`),
      );
      for (const object of [manifest.roles, manifest.data])
        await context.ui.step(
          `Fetching ${nameOf(object)} (${inBytes(object.storedBytes)})`,
          () =>
            fetch(context, catalog, object, join(directory, nameOf(object)), encrypted ? decrypt : undefined),
          () => `${nameOf(object)} is here, every byte as it was stored`,
        );
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
    const commands = byHand(manifest, { data: nameOf(manifest.data), roles: nameOf(manifest.roles) });
    const text = [
      `${found.id} is in ${directory}. To restore it by hand:`,
      ...[`cd ${directory}`, ...commands].map((line) => `  ${line}`),
    ].join('\n');
    context.ui.result({ id: found.id, directory, commands }, text);
    return EXIT.ok;
  });
}
