import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VM_NODE_OPTIONS } from '../../cli/vm/units';
import { type IntakeStage, setIntakeStage } from '../../test/support/intake-stage';
import { figureTable, measure } from '../measure';
import { buildVm } from './scene';
import { Watch } from './watch';

const rounded = (value: number): number => Number(value.toFixed(1));

async function once(stage: IntakeStage, vm: string, files: number) {
  const watch = new Watch({
    vm: (words) => words.includes(vm),
    box: (words) => words.includes(stage.program),
  });
  try {
    const { seconds, stdout } = await measure(
      [process.execPath, ...VM_NODE_OPTIONS, vm, String(files), ...stage.ssh],
      process.env,
    );
    const said = JSON.parse(stdout) as { files: number; unchanged: number; sentBytes: number };
    return { seconds, ...said, taken: watch.stop() };
  } finally {
    watch.stop();
  }
}

/** Announces so many small files twice, over SSH and without a tunnel: what grows with their number, on either side? */
export async function benchAnnounce(files: number, isJson: boolean): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'drawbridge-bench-announce-'));
  const stage = await setIntakeStage({ maxFiles: Math.max(files, 1) });
  try {
    const vm = await buildVm(directory);
    const [first, second] = [await once(stage, vm, files), await once(stage, vm, files)];
    const peaks = [first, second].map(({ taken }) =>
      [taken.vm, taken.box].map((one) => one?.peakRssMb ?? NaN),
    );
    const seconds = { first: [first.seconds], second: [second.seconds] };
    const summary = {
      announced: files,
      unchanged: second.unchanged,
      peakRssMb: rounded(Math.max(...peaks.flat())),
      peakRssMbs: peaks.flat().map(rounded),
      sentBytes: [first.sentBytes, second.sentBytes],
      seconds,
      notes: ['peakRssMbs: machine and box of the first push, machine and box of the second.'],
    };
    const targets = [['peakRssMb', '< 150     MB, of the machine’s side or the box’s']] as const;
    const text = isJson ? JSON.stringify(summary) : figureTable(summary, targets, seconds, 's');
    process.stdout.write(`${text}\n`);
  } finally {
    await stage.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
