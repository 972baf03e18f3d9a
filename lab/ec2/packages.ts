import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, hostMariadb, hostPostgres } from '../parts';

/** Programs that a package brings: name on the box → program of this machine. */
export type Programs = Readonly<Record<string, string>>;

/** What is on the image already. */
const PREINSTALLED =
  'amazon-ssm-agent awscli-2 bash coreutils curl curl-minimal ec2-instance-connect gzip jq openssl python3 sed tar util-linux xz';

const POSTGRES_SERVER = [
  'initdb',
  'pg_archivecleanup',
  'pg_checksums',
  'pg_controldata',
  'pg_ctl',
  'pg_resetwal',
  'pg_rewind',
  'postgres',
  'postmaster',
];
const POSTGRES_CONTRIB = ['oid2name', 'pg_amcheck', 'pgbench', 'vacuumlo'];

/** Programs found in this machine's PATH, or undefined when one of them is missing. */
function fromHost(names: readonly string[]): Programs | undefined {
  const found = names.map((name) => [name, findProgram(name)] as const);
  return found.every((pair): pair is readonly [string, string] => pair[1] !== undefined)
    ? Object.fromEntries(found)
    : undefined;
}

function postgres(major: number, part: string | undefined): Programs | undefined {
  const host = hostPostgres().find((one) => one.major === major);
  if (host === undefined) return undefined;
  const belongs = (name: string): boolean => {
    if (part === 'server') return POSTGRES_SERVER.includes(name);
    if (part === 'contrib') return POSTGRES_CONTRIB.includes(name);
    return !POSTGRES_SERVER.includes(name) && !POSTGRES_CONTRIB.includes(name);
  };
  const isPostgres = (name: string): boolean =>
    existsSync(join(host.bin, name)) &&
    /^(pg|psql|initdb|postgres|postmaster|create|drop|vacuum|oid2|reindexdb|clusterdb)/.test(name);
  const names = readdirSync(host.bin).filter((name) => isPostgres(name) && belongs(name));
  return Object.fromEntries(names.map((name) => [name, join(host.bin, name)]));
}

const MARIADB_PARTS: Readonly<Record<string, readonly string[]>> = {
  client: ['mariadb'],
  'client-utils': ['mariadb-dump', 'mariadb-admin'],
  server: ['mariadb-install-db', 'my_print_defaults', 'resolveip'],
};

/** `mariadb1011` is series 10.11. */
function mariadb(digits = '', part = 'client'): Programs | undefined {
  const host = hostMariadb();
  if (host === undefined || host.series.replace('.', '') !== digits) return undefined;
  const programs = fromHost(MARIADB_PARTS[part] ?? []);
  return part === 'server' && programs !== undefined ? { ...programs, mariadbd: host.server } : programs;
}

/**
 * Amazon Linux 2023's packages by name pattern. Where an installed major matters (PostgreSQL), this machine's must be the
 * same; where the lab has one of its own (Node.js), it stands in for every major.
 * Source: https://docs.aws.amazon.com/linux/al2023/release-notes/relnotes.html.
 */
const PACKAGES: readonly (readonly [RegExp, (...groups: string[]) => Programs | undefined])[] = [
  [/^postgresql(\d+)(?:-(server|contrib))?$/, (major, part) => postgres(Number(major), part)],
  [/^nodejs(\d+)$/, (major = '') => ({ [`node-${major}`]: process.execPath, node: process.execPath })],
  [/^zstd$/, () => fromHost(['zstd'])],
  [/^7zip$/, () => fromHost(['7z']) ?? fromHost(['7zz'])],
  [/^p7zip$/, () => fromHost(['7za'])],
  [/^mariadb(\d+)(?:-(server|client-utils))?$/, mariadb],
  [/^pv$/, () => fromHost(['pv'])],
];

/**
 * What installing a package brings; undefined when Amazon Linux has no such package or this machine cannot stand in for it.
 */
export function programsOf(name: string): Programs | undefined {
  if (PREINSTALLED.split(' ').includes(name)) return {};
  for (const [pattern, find] of PACKAGES) {
    const found = pattern.exec(name);
    // A part that did not match is undefined at run time, whatever the types say.
    if (found !== null) return find(...found.slice(1));
  }
  return undefined;
}
