import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { manifest as schema, type StoredObject } from '../../contract/manifest';
import type { Cluster } from '../../lab/rds/cluster';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Restores listed backups with standard tools, and compares them with what their manifests promise. */
export class Restorer {
  private count = 0;

  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly cluster: Cluster,
  ) {}

  /**
   * @param prefix - of a backup that is listed
   * @returns what is wrong with it; nothing when it restores byte for byte
   */
  async problemsOf(prefix: string): Promise<string[]> {
    const manifest = schema.parse(JSON.parse((await this.read(`${prefix}manifest.json`)).toString('utf8')));
    const data = await this.unpack(manifest.data);
    const roles = await this.unpack(manifest.roles);
    const problems = [...data.problems, ...roles.problems];
    if (problems.length > 0) return problems;
    const database = `restored_${(this.count += 1)}`;
    this.cluster.psql(`CREATE DATABASE ${database}`, 'superuser', 'postgres');
    const { bin, superuserEnvironment } = this.cluster;
    const environment = { ...process.env, ...superuserEnvironment, PGDATABASE: database };
    const [quiet, pipes] = [['pipe', 'ignore', 'pipe'] as const, { env: environment }];
    try {
      // Roles that are there already, from the backup before, are no trouble.
      execFileSync(join(bin, 'psql'), ['-Xq', '-f', '-'], {
        ...pipes,
        input: roles.plain,
        stdio: [...quiet],
      });
      execFileSync(join(bin, 'pg_restore'), ['--exit-on-error', '--dbname', database], {
        ...pipes,
        input: data.plain,
        stdio: [...quiet],
      });
      const wanted = manifest.tables.map(({ schema: name, table, rows }) => `${name}.${table} ${rows}`);
      const counts = manifest.tables.map(
        ({ schema: name, table }) => `SELECT count(*) FROM ONLY ${quoted(name)}.${quoted(table)};`,
      );
      const rows = this.cluster.psql(counts.join('\n'), 'superuser', database).trim().split('\n');
      const restored = manifest.tables.map(
        ({ schema: name, table }, at) => `${name}.${table} ${rows[at] ?? ''}`,
      );
      return wanted.flatMap((line, at) =>
        line === restored[at] ? [] : [`${line} rows, restored ${restored[at] ?? ''}`],
      );
    } finally {
      this.cluster.psql(`DROP DATABASE ${database}`, 'superuser', 'postgres');
    }
  }

  private async unpack(object: StoredObject): Promise<{ plain: Buffer; problems: string[] }> {
    const stored = await this.read(object.key);
    if (sha256(stored) !== object.storedSha256)
      return { plain: stored, problems: [`${object.key} is altered`] };
    const plain = execFileSync('zstd', ['-dc'], { input: stored, maxBuffer: 1e9 });
    const same = plain.length === object.plainBytes && sha256(plain) === object.plainSha256;
    return { plain, problems: same ? [] : [`${object.key} unpacks to something else`] };
  }

  private async read(key: string): Promise<Buffer> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }
}
