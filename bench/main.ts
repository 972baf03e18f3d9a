import { parseArgs } from 'node:util';
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

const OPTIONS = {
  announce: { type: 'string' },
  database: { type: 'string' },
  encrypt: { type: 'boolean', default: false },
  engine: { type: 'string', default: BENCH_ENGINES[0] },
  files: { type: 'string', default: '5000' },
  format: { type: 'string', default: FORMATS[0] },
  help: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  megabytes: { type: 'string' },
  'recipe-runs': { type: 'string', default: '1' },
  rows: { type: 'string', default: '2600000' },
  runs: { type: 'string' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} must be a whole number.\n${USAGE}`);
  return value;
}

function oneOf<T extends string>(name: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new Error(`--${name} must be one of ${choices.join(', ')}.\n${USAGE}`);
  return found;
}

const BENCHES: Readonly<Record<string, (values: Values) => Promise<void>>> = {
  backup: ({ json, database, engine, format, encrypt, runs = '5', rows, 'recipe-runs': recipeRuns }) =>
    benchBackup({
      json,
      database,
      engine: oneOf('engine', engine, BENCH_ENGINES),
      format: oneOf('format', format, FORMATS),
      encrypt,
      runs: numberOf('runs', runs),
      recipeRuns: numberOf('recipe-runs', recipeRuns),
      rows: numberOf('rows', rows),
    }),
  restore: ({ json, runs = '3', rows }) =>
    benchRestore({ json, runs: numberOf('runs', runs), rows: numberOf('rows', rows) }),
  tunnel: ({ json, runs = '3', megabytes = '256' }) =>
    benchTunnel({ json, runs: numberOf('runs', runs), megabytes: numberOf('megabytes', megabytes) }),
  push: ({ json, announce, megabytes = '2000', files }) =>
    announce === undefined
      ? benchPush({ json, megabytes: numberOf('megabytes', megabytes), files: numberOf('files', files) })
      : benchAnnounce(numberOf('announce', announce), json),
};

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const [name = '', ...more] = positionals;
  const bench = BENCHES[name];
  if (bench === undefined || more.length > 0) throw new Error(USAGE);
  await bench(values);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
