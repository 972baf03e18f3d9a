/**
 * `npm run demo`: the product's main job, from a fresh clone, without an AWS account.
 *
 * Exits 0 only when every step did what it says. `--keep` leaves the lab up.
 */
import { existsSync } from 'node:fs';
import { mainJob, takeDown } from './demo/main-job';
import type { Outputs } from './demo/outputs';
import { Timeline } from './demo/timeline';
import { hostPostgres, provideParts } from './parts';
import { labProcesses } from './processes';
import { startLab, type RunningLab } from './start';

const USAGE =
  'usage: npm run demo [-- --keep]\n  --keep   leave the lab up and print how to use it; npm run lab:stop ends it';

/** Ends the lab and shows that no process and no file of it is left. */
async function end(lab: RunningLab, timeline: Timeline): Promise<void> {
  await timeline.step('Stop the lab', async () => {
    await lab.stop();
    const processes = labProcesses().filter((process) => process.lab === lab.id);
    if (processes.length > 0)
      throw new Error(`Processes are left: ${processes.map(({ pid }) => pid).join(', ')}`);
    if (existsSync(lab.directory)) throw new Error(`Files are left in ${lab.directory}`);
    return 'no process and no file is left';
  });
}

/** How to point the AWS CLI at a lab that is left up. */
function explain(lab: RunningLab, outputs: Outputs, timeline: Timeline): void {
  const variables = Object.entries(lab.environment).map(([name, value]) => `export ${name}=${value}`);
  timeline.say(
    [
      '\nThe lab is up. To use it:',
      ...variables.map((line) => `  ${line}`),
      `  aws s3 ls --recursive s3://${outputs.BackupBucketName}/`,
      `  aws lambda invoke --function-name ${outputs.CreateFunctionName} --payload '{}' /dev/stdout`,
      `  aws lambda invoke --function-name ${outputs.DestroyFunctionName} --cli-binary-format raw-in-base64-out --payload '{"all":true}' /dev/stdout`,
      '`npm run lab:stop` ends it.',
    ].join('\n'),
  );
}

async function demo(keep: boolean): Promise<void> {
  const timeline = new Timeline();
  const missing = provideParts((line) => {
    timeline.say(line);
  });
  const [postgres] = hostPostgres();
  if (missing.length > 0 || postgres === undefined) throw new Error(missing.join('\n'));
  timeline.say('Drawbridge: deploy, open a box, back up, prove, destroy. Everything runs on this machine.\n');
  const lab = await timeline.step(
    'Start the lab: AWS on this machine',
    (progress) => startLab({ keep, say: progress }),
    { outcome: ({ endpoint }) => `endpoint ${endpoint}` },
  );
  Object.assign(process.env, lab.environment);
  try {
    const outputs = await mainJob(lab, timeline, postgres);
    if (keep) {
      explain(lab, outputs, timeline);
      return;
    }
    await takeDown(lab, timeline, postgres);
  } catch (error) {
    await lab.stop();
    throw error;
  }
  await end(lab, timeline);
  timeline.say(`\nEverything did what it says, in ${timeline.total()}.`);
}

const words = process.argv.slice(2);
if (words.some((word) => word !== '--keep')) {
  console.error(USAGE);
  process.exitCode = 64;
} else {
  demo(words.includes('--keep')).catch((error: unknown) => {
    console.error(`\nThe demo stopped: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
}
