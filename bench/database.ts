import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { hostPostgres } from '../lab/parts';
import { type Cluster, startCluster } from '../lab/rds/cluster';
import { loadSample } from '../lab/sample/load';

/** Engines whose servers run here. */
export const BENCH_ENGINES = ['postgres', 'mariadb'] as const;
export type BenchEngine = (typeof BENCH_ENGINES)[number];

/** The database that is measured. */
export interface BenchDatabase {
  readonly engine: BenchEngine;
  readonly host: string;
  readonly port: string;
  readonly name: string;
  readonly username: string;
  readonly password: string;
  /** PEM file of its authority; undefined when only those of RDS are trusted. */
  readonly caFile: string | undefined;
  /** Directory of the client programs of the server's major version; undefined where those of PATH are. */
  readonly bin: string | undefined;
  /** The flags that the backup itself gives to the dump program, but for a snapshot, which only it can have. */
  readonly dump: string;
  /** Of the dump program. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/**
 * Rows of a shop's event log: half of what they hold repeats, as in life, and a token of each does not compress at all.
 * 2.6 million of them make about 500 MB of dump.
 */
const events = (rows: number): string => `
  CREATE TABLE shop.event (id bigint PRIMARY KEY, at timestamptz NOT NULL, customer int, kind text, path text,
    client inet, took numeric(8,3), token text, detail jsonb);
  INSERT INTO shop.event
  SELECT i, timestamptz '2026-01-01' + i * interval '1.7 seconds', (i * 7919::bigint) % 100003,
    (ARRAY['view', 'search', 'basket', 'order', 'login', 'logout'])[1 + (i * 31::bigint) % 6],
    '/shop/' || (ARRAY['shoes', 'coats', 'hats', 'belts'])[1 + i % 4] || '/' || (i * 104729::bigint) % 9973,
    '10.0.0.0'::inet + (i * 7907::bigint) % 65536, random() * 1000, md5(i::text),
    jsonb_build_object('agent', 'Mozilla/5.0 (X11; Linux x86_64) Gecko/' || 100 + i % 40, 'referrer', 'https://example.org/' || i % 977,
      'size', (i * 6151::bigint) % 90001)
  FROM generate_series(1, ${String(rows)}) i;
  CREATE INDEX ON shop.event (customer, at);`;

function postgres(reach: Omit<BenchDatabase, 'engine' | 'dump' | 'environment'>): BenchDatabase {
  const dump = 'pg_dump --format=custom --compress=0 --no-password';
  return { engine: 'postgres', ...reach, dump, environment: libpq(reach) };
}

function fromCluster(cluster: Cluster): BenchDatabase {
  const { host, port, database, master, caFile, bin } = cluster;
  const stop = (): Promise<void> => cluster.stop('immediate');
  return postgres({ host, port: String(port), name: database, ...master, caFile, bin, stop });
}

/** Makes a cluster with the sample and an event log of so many rows. */
export async function makeDatabase(directory: string, rows: number): Promise<BenchDatabase> {
  const cluster = await startCluster({ directory: join(directory, 'cluster') });
  try {
    await loadSample(
      { psql: join(cluster.bin, 'psql'), environment: cluster.masterEnvironment },
      { rows: 10_000 },
    );
    cluster.psql(events(rows));
    // A database that has lived for a day has been vacuumed by the server itself.
    cluster.psql('VACUUM ANALYZE');
    return fromCluster(cluster);
  } catch (error) {
    await cluster.stop('immediate');
    throw error;
  }
}

/** Environment of client programs, as the box's program gives it to its own. */
function libpq(database: Omit<BenchDatabase, 'engine' | 'dump' | 'environment'>): Record<string, string> {
  return {
    PGHOST: database.host,
    PGPORT: database.port,
    PGDATABASE: database.name,
    PGUSER: database.username,
    PGPASSWORD: database.password,
    PGSSLMODE: 'verify-full',
    ...(database.caFile === undefined ? {} : { PGSSLROOTCERT: database.caFile }),
  };
}

/** Takes somebody else's database. */
export function givenDatabase(url: string): BenchDatabase {
  const parsed = new URL(url);
  const decoded = (text: string): string => decodeURIComponent(text);
  const [newest] = hostPostgres();
  if (newest === undefined) throw new Error('No PostgreSQL client programs are installed.');
  const database = {
    host: parsed.hostname,
    port: parsed.port === '' ? '5432' : parsed.port,
    name: decoded(parsed.pathname.slice(1)),
    username: decoded(parsed.username),
    password: decoded(parsed.password),
    caFile: parsed.searchParams.get('sslrootcert') ?? undefined,
    bin: newest.bin,
    stop: () => Promise.resolve(),
  };
  const env = { PATH: process.env.PATH, ...libpq(database) };
  const version = execFileSync(join(newest.bin, 'psql'), ['-XAtc', 'SHOW server_version_num'], {
    env,
    encoding: 'utf8',
  });
  const major = Math.floor(Number(version) / 10_000);
  const fitting = hostPostgres().find((candidate) => candidate.major === major);
  if (fitting === undefined) throw new Error(`Install the client programs of PostgreSQL ${String(major)}.`);
  return postgres({ ...database, bin: fitting.bin });
}
