import { readEnvironment } from './environment';
import { backup } from './backup';
import { prove } from './prove';
import { progressOn } from './progress';
import { parseWords } from './words';
import { runToExit } from './run';

void runToExit(async (signal) => {
  const words = parseWords(process.argv.slice(2));
  const context = { settings: readEnvironment(process.env), progress: progressOn(process.stderr), signal };
  const result = await (words.command === 'backup'
    ? backup(context)
    : prove(context, words.prefix, words.every));
  process.stdout.write(`${JSON.stringify(result.output)}\n`);
  return result.exit;
});
