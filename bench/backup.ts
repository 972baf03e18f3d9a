import { cpus } from 'node:os';
import { endMeasured, figureTable, median, type Measured } from './measure';
import { limit, ours, pipe, recipe } from './rivals';
import { type Scene, type SceneOptions, setScene } from './scene';

/** What is asked for on the command line. */
export interface BenchOptions extends Omit<SceneOptions, 'say'> {
  readonly json: boolean;
  readonly runs: number;
  /** The recipe takes minutes, so it runs less often. 0 leaves it out. */
  readonly recipeRuns: number;
}

interface Raw {
  readonly limit: Measured[];
  readonly backup: Measured[];
  readonly pipe: Measured[];
  readonly recipe: Measured[];
  /** Of the last run of each. */
  readonly bytes: { plain: number; backup: number; pipe: number; recipe: number };
}

type Say = (line: string) => void;

async function oneRound(scene: Scene, raw: Raw, withRecipe: boolean, say: Say): Promise<void> {
  raw.limit.push(await limit(scene));
  const backup = await ours(scene);
  raw.backup.push(backup);
  const told = JSON.parse(backup.stdout) as { plainBytes: number };
  raw.bytes.plain = told.plainBytes;
  raw.bytes.backup = await scene.storedBytes('/database.');
  raw.pipe.push(await pipe(scene));
  raw.bytes.pipe = await scene.storedBytes('pipe');
  if (withRecipe) {
    say('the recipe (this takes minutes)');
    raw.recipe.push(await recipe(scene));
    raw.bytes.recipe = await scene.storedBytes('recipe.7z');
  }
  await scene.emptyBucket();
}

const seconds = (runs: readonly Measured[]): number[] => runs.map((run) => Number(run.seconds.toFixed(3)));
const rounded = (value: number): number | null => (Number.isFinite(value) ? Number(value.toFixed(3)) : null);
const middle = (runs: readonly Measured[]): number => median(runs.map((run) => run.seconds));

function summarise(raw: Raw): Record<string, unknown> {
  const backup = middle(raw.backup);
  const peaks = raw.backup.flatMap((run) => run.peakRssMb ?? []);
  return {
    ratioToLimit: rounded(backup / middle(raw.limit)),
    ratioToPipe: rounded(backup / middle(raw.pipe)),
    timesFasterThanRecipe: rounded(middle(raw.recipe) / backup),
    sizeRatioToRecipe: raw.recipe.length === 0 ? null : rounded(raw.bytes.backup / raw.bytes.recipe),
    peakRssMb: peaks.length === 0 ? null : rounded(Math.max(...peaks)),
    tempDiskBytes: Math.max(...raw.backup.map((run) => run.diskBytes)),
    medianSeconds: {
      limit: rounded(middle(raw.limit)),
      backup: rounded(backup),
      pipe: rounded(middle(raw.pipe)),
      recipe: rounded(middle(raw.recipe)),
    },
    seconds: {
      limit: seconds(raw.limit),
      backup: seconds(raw.backup),
      pipe: seconds(raw.pipe),
      recipe: seconds(raw.recipe),
    },
    bytes: raw.bytes,
    cpus: cpus().length,
    notes: [
      'S3 is a local emulator (moto) on the same cores: it takes processor time that real S3 does not.',
      'The recipe runs less often than the others because it takes minutes.',
      'tempDiskBytes does not count the file of certificates that the dump program needs.',
    ],
  };
}

const TARGETS: readonly (readonly [string, string])[] = [
  ['ratioToLimit', '<= 1.25  whole backup / its dump program into /dev/null'],
  ['ratioToPipe', '<= 1.15  whole backup / dump | zstd (| age) | aws s3 cp, or dump, 7za, upload'],
  ['timesFasterThanRecipe', '>= 50    dump to file, 7za, upload, remove / whole backup'],
  ['sizeRatioToRecipe', '<= 1.5   stored bytes / bytes of the recipe'],
  ['peakRssMb', '<= 200   of the box’s own process'],
  ['tempDiskBytes', '= 0'],
];

function table(summary: Record<string, unknown>): string {
  const raw = summary.seconds as Record<string, number[]>;
  return `${figureTable(summary, TARGETS, raw, 's')}\nbytes ${JSON.stringify(summary.bytes)}`;
}

/** Measures whole backups against their rivals, in turn, and prints the medians. */
export async function benchBackup(options: BenchOptions): Promise<void> {
  const say: Say = (line) => void process.stderr.write(`${line}\n`);
  const scene = await setScene({ ...options, say });
  const raw: Raw = {
    limit: [],
    backup: [],
    pipe: [],
    recipe: [],
    bytes: { plain: 0, backup: 0, pipe: 0, recipe: 0 },
  };
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= scene.stop());
  const stopEarly = (): void => {
    endMeasured();
    void stop().finally(() => process.exit(1));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stopEarly);
  try {
    say('warming up');
    await limit(scene);
    for (let run = 1; run <= options.runs; run += 1) {
      say(`run ${String(run)} of ${String(options.runs)}`);
      await oneRound(scene, raw, run <= options.recipeRuns, say);
    }
  } finally {
    await stop();
  }
  const summary = summarise(raw);
  process.stdout.write(`${options.json ? JSON.stringify(summary) : table(summary)}\n`);
}
