import { cpus } from 'node:os';
import { figureTable, median } from './measure';
import { bundlePrograms, download, upload, type Programs } from './tunnel/ends';
import { PLUGIN_MB, pluginPace } from './tunnel/plugin';
import { idle, run, type Run } from './tunnel/runs';

/** What is asked for on the command line. */
export interface TunnelOptions {
  readonly json: boolean;
  readonly runs: number;
  readonly megabytes: number;
}

type Say = (line: string) => void;

interface Raw {
  readonly upload: Run[];
  readonly upload80ms: Run[];
  readonly download: Run[];
  readonly plugin: number[];
  /** Percent of a processor. */
  readonly idle: number[];
}

const ROUND_TRIP_MS = 80;
const MEGABYTE = 1_000_000;
/** MB/s of the official client on two cores with nothing between (agent issue 664 tells of the same): where it cannot be run. */
const PLUGIN_PACE = 0.77;

async function measureAll(programs: Programs, options: TunnelOptions, say: Say): Promise<Raw> {
  const bytes = options.megabytes * MEGABYTE;
  const raw: Raw = { upload: [], upload80ms: [], download: [], plugin: [], idle: [] };
  for (let count = 1; count <= options.runs; count += 1) {
    say(`run ${count} of ${options.runs}`);
    const pace = await pluginPace(programs, say);
    if (pace !== undefined) raw.plugin.push(pace);
    raw.upload.push(await run(programs, upload, bytes));
    raw.upload80ms.push(await run(programs, upload, bytes, ROUND_TRIP_MS / 2));
    raw.download.push(await run(programs, download, bytes));
    raw.idle.push(await idle(programs));
  }
  return raw;
}

const rounded = (value: number): number => Number(value.toFixed(2));

function summarise(raw: Raw, megabytes: number): Record<string, unknown> {
  const paces = (runs: readonly Run[]): number[] => runs.map(({ seconds }) => rounded(megabytes / seconds));
  const MBps = {
    upload: paces(raw.upload),
    uploadAt80ms: paces(raw.upload80ms),
    download: paces(raw.download),
    plugin: raw.plugin.map(rounded),
  };
  const peaks = [raw.upload, raw.upload80ms, raw.download].map((runs) =>
    runs.map(({ near }) => near.peakRssMb),
  );
  const plugin = raw.plugin.length === 0 ? PLUGIN_PACE : median(raw.plugin);
  return {
    uploadMBps: median(MBps.upload),
    timesFasterThanPlugin: rounded(median(MBps.upload) / plugin),
    uploadMBpsAt80ms: median(MBps.uploadAt80ms),
    downloadMBps: median(MBps.download),
    peakRssMb: rounded(Math.max(...peaks.map(median))),
    idleCpuPercent: rounded(median(raw.idle)),
    MBps,
    peakRssMbs: peaks.flat().map(rounded),
    cpus: cpus().length,
    notes: [
      `${megabytes} MB each way through our client and the lab's agent, which share the cores with each other and with the programs that give and take the bytes: our client's limit in the lab. AWS's own throughput is not measured.`,
      raw.plugin.length === 0
        ? `The official client could not be run here; compared with ${PLUGIN_PACE} MB/s, its pace measured elsewhere.`
        : `The official client sends ${PLUGIN_MB} MB in each run, to the same agent.`,
      `At ${ROUND_TRIP_MS} ms: a proxy in user space delays each way by half of it.`,
    ],
  };
}

const TARGETS: readonly (readonly [string, string])[] = [
  ['uploadMBps', '          MB/s upwards'],
  ['timesFasterThanPlugin', '>= 50     upwards, against the official client'],
  ['uploadMBpsAt80ms', '>= 20     MB/s upwards, 80 ms of round trip'],
  ['downloadMBps', '          MB/s downwards'],
  ['peakRssMb', '<= 150    MB, of the client, in the direction that takes most'],
  ['idleCpuPercent', '          of one processor, of the client, with 50 idle connections'],
];

/** Measures the tunnel both ways against the lab's agent, next to the official client, and prints the medians. */
export async function benchTunnel(options: TunnelOptions): Promise<void> {
  const programs = await bundlePrograms();
  try {
    const raw = await measureAll(programs, options, (line) => void process.stderr.write(`${line}\n`));
    const summary = summarise(raw, options.megabytes);
    const text = options.json
      ? JSON.stringify(summary)
      : figureTable(summary, TARGETS, summary.MBps as Record<string, number[]>, 'MB/s');
    process.stdout.write(`${text}\n`);
  } finally {
    programs.remove();
  }
}
