import { readEnvironment } from './environment';
import { backup } from './backup';
import { intake } from './intake';
import { readIntakeSettings } from './intake/environment';
import { prove } from './prove';
import { progressOn } from './progress';
import { parseWords } from './words';
import { runToExit } from './run';

void runToExit(async (signal) => {
  // The forced command of an intake box: what SSH was asked to run is data.
  if (process.argv[2] === 'intake') {
    return intake({
      settings: readIntakeSettings(process.env),
      asked: process.env.SSH_ORIGINAL_COMMAND ?? '',
      input: process.stdin,
      output: process.stdout,
      progress: progressOn(process.stderr),
      signal,
    });
  }
  const words = parseWords(process.argv.slice(2));
  const context = { settings: readEnvironment(process.env), progress: progressOn(process.stderr), signal };
  const result = await (words.command === 'backup'
    ? backup(context)
    : prove(context, words.prefix, words.every));
  process.stdout.write(`${JSON.stringify(result.output)}\n`);
  return result.exit;
});
