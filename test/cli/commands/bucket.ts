import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { AwsStub } from 'aws-sdk-client-mock';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Unsealed, writeManifest } from '../../../contract/manifest-text';
import type { Proof } from '../../../contract/manifest';

export const BOX = 'i-0123456789abcdef0';

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Objects of a bucket that stands in for the real one. */
export class FakeBucket {
  readonly objects = new Map<string, Buffer>();

  /** Puts a backup there. Returns its id. */
  add(at: string, change: Partial<Unsealed> = {}, data = `dump of ${at}`): string {
    const database = change.database ?? 'app';
    const prefix = `backups/${database}/${at.replace(/[-:.]/g, '')}_${BOX}/`;
    const object = (name: string, text: string) => {
      this.objects.set(`${prefix}${name}`, Buffer.from(text));
      return {
        key: `${prefix}${name}`,
        versionId: 'v1',
        storedBytes: text.length,
        storedSha256: sha256(text),
        plainBytes: text.length * 4,
        plainSha256: sha256('plain'),
      };
    };
    const manifest = writeManifest({
      formatVersion: 1,
      engine: 'postgres',
      serverVersion: '17.2',
      dumpTool: 'pg_dump (PostgreSQL) 17.2',
      compressionTool: 'zstd 1.5',
      database,
      host: 'db.example',
      consistentPoint: { takenAt: at },
      startedAt: at,
      finishedAt: at,
      data: object('database.pgdump.zst', data),
      roles: object('roles.sql.zst', 'roles'),
      tables: [{ schema: 'shop', table: 'order', rows: 1000 }],
      leftOut: ['passwords of roles'],
      box: BOX,
      execution: 'arn:aws:states:eu-west-1:1:execution:Backup:app-1',
      retentionClass: 'new',
      ...change,
    });
    this.objects.set(`${prefix}manifest.json`, Buffer.from(manifest));
    return prefix.slice('backups/'.length, -1);
  }

  /** Puts a proof beside a backup. */
  prove(id: string, outcome: Proof['outcome'], manifestSha256?: string): void {
    const manifest = this.objects.get(`backups/${id}/manifest.json`) ?? '';
    const at = new Date('2026-11-22T04:00:00.000Z').toISOString();
    const proof: Proof = {
      formatVersion: 1,
      outcome,
      exceptions: [],
      differences: [],
      manifestSha256: manifestSha256 ?? sha256(manifest),
      startedAt: at,
      finishedAt: at,
      scratchServerVersion: '17.2',
      tablesCompared: 1,
      rowsCompared: 1000,
      box: BOX,
    };
    this.objects.set(`backups/${id}/proof-20261122T040000000Z.json`, Buffer.from(JSON.stringify(proof)));
  }

  /** Lets the mock answer out of this bucket, three objects a page. */
  serve(s3: AwsStub<object, never, S3Client['config']>): void {
    const stub = s3 as unknown as AwsStub<object, { $metadata: object }, S3Client['config']>;
    stub
      .on(ListObjectsV2Command as never)
      .callsFake((input: { Prefix?: string; ContinuationToken?: string }) => {
        const keys = [...this.objects.keys()].filter((key) => key.startsWith(input.Prefix ?? '')).sort();
        const from = Number(input.ContinuationToken ?? 0);
        const Contents = keys
          .slice(from, from + 3)
          .map((Key) => ({ Key, Size: this.objects.get(Key)?.length ?? 0 }));
        const more = from + 3 < keys.length;
        return { Contents, IsTruncated: more, NextContinuationToken: more ? String(from + 3) : undefined };
      });
    stub.on(GetObjectCommand as never).callsFake(({ Key }: { Key: string }) => {
      const bytes = this.objects.get(Key);
      if (bytes === undefined) throw Object.assign(new Error('no such key'), { name: 'NoSuchKey' });
      const transformToString = () => Promise.resolve(bytes.toString());
      const transformToByteArray = () => Promise.resolve(new Uint8Array(bytes));
      return { Body: Object.assign(Readable.from([bytes]), { transformToString, transformToByteArray }) };
    });
    stub.on(HeadObjectCommand as never).callsFake(({ Key }: { Key: string }) => {
      const bytes = this.objects.get(Key);
      if (bytes === undefined) throw Object.assign(new Error('not found'), { name: 'NotFound' });
      return { ContentLength: bytes.length, ObjectLockRetainUntilDate: new Date('2026-12-01T00:00:00Z') };
    });
  }
}
