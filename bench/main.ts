import { FORMATS } from '../contract/manifest';
import { benchBackup } from './backup';
import { BENCH_ENGINES } from './database';
import { benchPush } from './push';
import { benchAnnounce } from './push/announce';
import { benchRestore } from './restore';
import { benchTunnel } from './tunnel';

const USAGE = [
  'usage: npm run -s bench -- backup [--json] [--database postgres://user:password@host:port/name?sslrootcert=file]',
  '                                  [--engine postgres|mariadb] [--format zstd|7z] [--encrypt]',
  '                                  [--runs 5] [--recipe-runs 1] [--rows 2600000]',
  '       npm run -s bench -- restore [--json] [--runs 3] [--rows 2600000]',
  '       npm run -s bench -- tunnel [--json] [--runs 3] [--megabytes 256]',
  '       npm run -s bench -- push [--json] [--megabytes 2000] [--files 5000]',
  '       npm run -s bench -- push --announce 1000000 [--json]',
  'backup: measures a whole backup against its dump program into nothing, what a person would type, and dump + 7za -mx9 + upload.',
  'restore: measures a whole restore against pg_restore -j2 of the same dump from local disk.',
  'tunnel: measures the Session Manager client against the official one, both to the agent of the lab.',
  'push: measures handing files in against scp -r through the same tunnel and aws s3 cp --recursive behind it; with --announce, the memory that\n      a number of small files takes on both sides.',
].join('\n');

function valueOf(argv: readonly string[], name: string): string | undefined {
  const at = argv.indexOf(name);
  return at === -1 ? undefined : argv[at + 1];
}

function numberOf(argv: readonly string[], name: string, fallback: number): number {
  const value = Number(valueOf(argv, name) ?? fallback);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${name} must be a whole number.\n${USAGE}`);
  return value;
}

/** The first is taken where nothing is said. */
function oneOf<T extends string>(argv: readonly string[], name: string, choices: readonly [T, ...T[]]): T {
  const value = valueOf(argv, name) ?? choices[0];
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new Error(`${name} must be one of ${choices.join(', ')}.\n${USAGE}`);
  return found;
}

const BENCHES: Readonly<Record<string, (argv: readonly string[], json: boolean) => Promise<void>>> = {
  backup: (argv, json) =>
    benchBackup({
      json,
      database: valueOf(argv, '--database'),
      engine: oneOf(argv, '--engine', BENCH_ENGINES),
      format: oneOf(argv, '--format', FORMATS),
      encrypt: argv.includes('--encrypt'),
      runs: numberOf(argv, '--runs', 5),
      recipeRuns: numberOf(argv, '--recipe-runs', 1),
      rows: numberOf(argv, '--rows', 2_600_000),
    }),
  restore: (argv, json) =>
    benchRestore({ json, runs: numberOf(argv, '--runs', 3), rows: numberOf(argv, '--rows', 2_600_000) }),
  tunnel: (argv, json) =>
    benchTunnel({ json, runs: numberOf(argv, '--runs', 3), megabytes: numberOf(argv, '--megabytes', 256) }),
  push: (argv, json) =>
    argv.includes('--announce')
      ? benchAnnounce(numberOf(argv, '--announce', 1_000_000), json)
      : benchPush({
          json,
          megabytes: numberOf(argv, '--megabytes', 2_000),
          files: numberOf(argv, '--files', 5_000),
        }),
};

async function main([name = '', ...argv]: readonly string[]): Promise<void> {
  const bench = BENCHES[name];
  if (bench === undefined) throw new Error(USAGE);
  await bench(argv, argv.includes('--json'));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
