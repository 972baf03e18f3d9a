/**
 * `npm run lab:deploy -- -c egress=endpoints`: deploys the app to a lab with the words of `cdk deploy`, shows the outputs,
 * destroys it and ends the lab. `--keep` leaves stack and lab up.
 */
import { Stack } from './demo/stack';
import { Timeline } from './demo/timeline';
import { hostPostgres, provideParts } from './parts';
import { startLab, type RunningLab } from './start';

/** How to point the AWS CLI and the CDK at a lab that is left up. */
function explain(lab: RunningLab): string {
  const variables = Object.entries(lab.environment).map(([name, value]) => `  export ${name}=${value}`);
  return ['\nThe lab is up. To use it:', ...variables, '`npm run lab:stop` ends it.'].join('\n');
}

async function deploy(words: readonly string[], keep: boolean): Promise<void> {
  const timeline = new Timeline();
  const missing = provideParts((line) => {
    timeline.say(line);
  });
  const [postgres] = hostPostgres();
  if (missing.length > 0 || postgres === undefined) throw new Error(missing.join('\n'));
  const lab = await timeline.step('Start the lab', (progress) => startLab({ keep, say: progress }), {
    outcome: ({ endpoint }) => `endpoint ${endpoint}`,
  });
  try {
    const stack = new Stack(lab, postgres, words);
    await timeline.step('cdk bootstrap', (progress) => stack.bootstrap(progress));
    await timeline.step(`cdk deploy ${words.join(' ')}`, (progress) => stack.deployed(progress), {
      outcome: (outputs) => outputs.trim(),
    });
    if (keep) {
      timeline.say(explain(lab));
      return;
    }
    await timeline.step('cdk destroy', (progress) => stack.destroy(progress));
  } catch (error) {
    await lab.stop();
    throw error;
  }
  await timeline.step('Stop the lab', () => lab.stop());
}

const words = process.argv.slice(2);
deploy(
  words.filter((word) => word !== '--keep'),
  words.includes('--keep'),
).catch((error: unknown) => {
  console.error(`\nStopped: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
