import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { inBytes } from '../../contract/bytes';
import { EXIT } from '../../contract/exit-codes';
import type { StoredObject } from '../../contract/manifest';
import { findStack } from '../aws/stack';
import type { Context } from '../framework/command';
import { table } from '../framework/ui';
import { type Catalog, demandManifest, withCatalog } from './catalog';
import { prefixOf } from './id';
import { originOf } from './origin';

/** What S3 holds of one object of a backup, in the version that the manifest names. */
async function held({ s3, bucket }: Catalog, { key, versionId, storedBytes, storedSha256 }: StoredObject) {
  try {
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
    return {
      key,
      versionId: versionId ?? null,
      storedBytes,
      storedSha256,
      isThere: head.ContentLength === storedBytes,
      lockedUntil: head.ObjectLockRetainUntilDate?.toISOString() ?? null,
      encryptedWith: head.SSEKMSKeyId ?? null,
    };
  } catch (error) {
    if (!(error instanceof Error && ['NotFound', 'NoSuchKey', 'NoSuchVersion'].includes(error.name)))
      throw error;
    const gone = { isThere: false, lockedUntil: null, encryptedWith: null };
    return { key, versionId: versionId ?? null, storedBytes, storedSha256, ...gone };
  }
}

/** Prints all that is known of one backup: who or what started it, box, identity, execution, objects, proofs. */
export async function showBackup(context: Context, id: string): Promise<number> {
  const prefix = prefixOf(id);
  const stack = await findStack(context);
  return withCatalog(context, stack, async (catalog) => {
    const found = await catalog.find(prefix);
    const details = await catalog.details(found);
    const { proofs, outcome } = details;
    const manifest = demandManifest(found, details, 'It does not count as a backup.');
    const [origin, objects] = await Promise.all([
      originOf(context, manifest),
      Promise.all([manifest.data, manifest.roles].map((object) => held(catalog, object))),
    ]);
    const { engine, serverVersion, startedAt, finishedAt, box, tables, leftOut } = manifest;
    const forgotten = 'unknown: CloudTrail records it some minutes later, and keeps 90 days';
    const rows = [
      ['backup', found.id],
      ['database', `${manifest.database} on ${manifest.host}, ${engine} ${serverVersion}`],
      ['taken', `${startedAt} to ${finishedAt}, as it was at ${manifest.consistentPoint.takenAt}`],
      [
        'started by',
        origin.startedBy ?? (origin.execution === null ? 'somebody, by hand on the box' : forgotten),
      ],
      ['run', origin.run ?? 'none'],
      ['execution', origin.execution ?? 'none'],
      ['box', box],
      [
        'written as',
        origin.writtenAs ?? `the role of ${box} (CloudTrail has it where cloudTrailDataEvents is on)`,
      ],
      [
        'holds',
        `${tables.length} tables, ${tables.reduce((sum, one) => sum + one.rows, 0)} rows, ${inBytes(manifest.data.plainBytes)}`,
      ],
      ['left out', leftOut.join('; ')],
      ...objects.flatMap((object) => [
        ['object', `${object.key}${object.isThere ? '' : ' IS NOT THERE'}`],
        ['  version', object.versionId ?? 'none'],
        ['  stored', `${inBytes(object.storedBytes)}, SHA-256 ${object.storedSha256}`],
        ['  locked', object.lockedUntil === null ? 'no' : `until ${object.lockedUntil}`],
      ]),
      ['proof', outcome],
      ...proofs.map((proof) => [
        `  ${proof.outcome}`,
        `${proof.finishedAt} on ${proof.box}: ${proof.tablesCompared} tables, ${proof.rowsCompared} rows compared with ${proof.scratchServerVersion}`,
      ]),
    ];
    context.ui.result({ id: found.id, prefix, origin, objects, outcome, proofs, manifest }, table([], rows));
    return objects.every(({ isThere }) => isThere) ? EXIT.ok : EXIT.notProven;
  });
}
