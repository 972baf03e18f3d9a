import {
  type ListObjectVersionsCommandOutput,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { BACKUP_OBJECTS, BACKUPS } from '../../contract/keys';

/** What the bucket holds below one prefix. */
export interface Stored {
  /** `backups/<database>/<start>_<instance id>/`. */
  readonly prefix: string;
  readonly database: string;
  /** Current objects by name, with S3's own time of each. */
  readonly objects: ReadonlyMap<string, Date>;
  /** When the manifest was last there or taken away; undefined when there has never been one. */
  readonly manifestGoneAt: Date | undefined;
}

const KEY = /^(backups\/([^/]+)\/[^/]+\/)(.+)$/;

/** Everything below `backups/`, by prefix, in the order of the keys. */
export async function inventory(s3: S3Client, bucket: string): Promise<readonly Stored[]> {
  const found = new Map<string, { objects: Map<string, Date>; manifestGoneAt: Date | undefined }>();
  const at = (prefix: string) => {
    const known = found.get(prefix) ?? { objects: new Map<string, Date>(), manifestGoneAt: undefined };
    found.set(prefix, known);
    return known;
  };
  let page: ListObjectVersionsCommandOutput | undefined;
  do {
    page = await s3.send(
      new ListObjectVersionsCommand({
        Bucket: bucket,
        Prefix: BACKUPS,
        KeyMarker: page?.NextKeyMarker,
        VersionIdMarker: page?.NextVersionIdMarker,
      }),
    );
    for (const { Key = '', IsLatest, LastModified = new Date(0) } of page.Versions ?? []) {
      const [, prefix, , name] = KEY.exec(Key) ?? [];
      if (prefix !== undefined && name !== undefined && IsLatest === true)
        at(prefix).objects.set(name, LastModified);
    }
    for (const { Key = '', IsLatest, LastModified = new Date(0) } of page.DeleteMarkers ?? []) {
      const [, prefix, , name] = KEY.exec(Key) ?? [];
      if (prefix !== undefined && name === BACKUP_OBJECTS.manifest && IsLatest === true)
        at(prefix).manifestGoneAt = LastModified;
    }
  } while (page.IsTruncated === true);
  return [...found].map(([prefix, what]) => ({
    prefix,
    database: decodeURIComponent(KEY.exec(`${prefix}x`)?.[2] ?? ''),
    ...what,
  }));
}
