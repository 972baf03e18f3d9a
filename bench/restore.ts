import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { endMeasured, figureTable, measure, median, type Measured } from './measure';
import { ours } from './rivals';
import { BUCKET, type Scene, setScene } from './scene';

/** What is asked for on the command line. */
export interface RestoreBenchOptions {
  readonly json: boolean;
  readonly runs: number;
  /** Rows of the event log of the database. */
  readonly rows: number;
}

/** As many as the box's types have processors. */
const JOBS = 2;

const environmentOf = (scene: Scene): NodeJS.ProcessEnv => ({ ...scene.environment, PGDATABASE: 'postgres' });

const sql = (scene: Scene, statement: string): void => {
  execFileSync('psql', ['-XqAtc', statement], { env: environmentOf(scene) });
};

/** What a restore takes at least: the same dump on local disk, nothing verified, nothing counted. */
async function rival(scene: Scene, dump: string): Promise<Measured> {
  sql(scene, 'CREATE DATABASE rival TEMPLATE template0');
  try {
    const words = ['pg_restore', `--jobs=${String(JOBS)}`, '--no-password', '--dbname=rival', dump] as const;
    return await measure([...words], environmentOf(scene));
  } finally {
    sql(scene, 'DROP DATABASE rival');
  }
}

/** The whole restore, as it runs on a box. */
async function restore(scene: Scene, prefix: string): Promise<Measured> {
  const words = ['restore', '--prefix', prefix, '--into', 'restored', '--jobs', String(JOBS)];
  const environment = { ...scene.environment, ...scene.box };
  try {
    return await measure([process.execPath, scene.program, ...words], environment);
  } finally {
    sql(scene, 'DROP DATABASE IF EXISTS restored');
  }
}

const seconds = (runs: readonly Measured[]): number[] => runs.map((run) => Number(run.seconds.toFixed(3)));

async function compare(scene: Scene, { runs }: RestoreBenchOptions): Promise<Record<string, unknown>> {
  const { prefix } = JSON.parse((await ours(scene)).stdout) as { prefix: string };
  const dump = join(scene.directory, 'dump');
  const fetch = `set -euo pipefail; "$0" s3 cp --no-progress "$1" - | zstd -q -d > "$2"`;
  const from = `s3://${BUCKET}/${prefix}database.pgdump.zst`;
  execFileSync('bash', ['-c', fetch, scene.aws, from, dump], { env: scene.environment });
  const raw = { pgRestore: [] as Measured[], restore: [] as Measured[] };
  for (let run = 0; run < runs; run += 1) {
    raw.pgRestore.push(await rival(scene, dump));
    raw.restore.push(await restore(scene, prefix));
  }
  const times = { pgRestore: seconds(raw.pgRestore), restore: seconds(raw.restore) };
  return {
    ratioToPgRestore: Number((median(times.restore) / median(times.pgRestore)).toFixed(3)),
    seconds: times,
    cpus: cpus().length,
    notes: [
      `Both with ${String(JOBS)} jobs. Ours fetches, verifies, restores and counts every row; the rival reads a local file.`,
      'S3 is a local emulator (moto) on the same cores.',
    ],
  };
}

/** Measures a whole restore against `pg_restore` of the same dump from local disk, in turn. */
export async function benchRestore(options: RestoreBenchOptions): Promise<void> {
  const scene = await setScene({
    database: undefined,
    rows: options.rows,
    engine: 'postgres',
    format: 'zstd',
    encrypt: false,
    say: (line) => void process.stderr.write(`${line}\n`),
  });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= scene.stop());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      endMeasured();
      void stop().finally(() => process.exit(1));
    });
  try {
    const summary = await compare(scene, options);
    const targets = [
      ['ratioToPgRestore', '<= 1.3   whole restore / pg_restore -j2 of a local file'],
    ] as const;
    const text = figureTable(summary, targets, summary.seconds as Record<string, number[]>, 's');
    process.stdout.write(`${options.json ? JSON.stringify(summary) : text}\n`);
  } finally {
    await stop();
  }
}
