import { readEnvironment } from './environment';
import { backup } from './backup';
import { intake } from './intake';
import { readIntakeSettings } from './intake/environment';
import { oneTimeKey } from './one-time-key';
import { prove } from './prove';
import { restore } from './restore';
import { progressOn } from './progress';
import { parseWords, type Words } from './words';
import { type Context, type Result, runToExit } from './run';

function carryOut(context: Context, words: Words): Promise<Result> {
  switch (words.command) {
    case 'backup':
      return backup(context);
    case 'prove':
      return prove(context, words);
    case 'restore':
      return restore(context, words);
    case 'one-time-key':
      return oneTimeKey(context, words.prefix);
  }
}

void runToExit(async (signal) => {
  // The forced command of an intake box: what SSH was asked to run is data.
  if (process.argv[2] === 'intake') {
    // A line that is cut shows where the input ends; that nobody reads any more must not end the program before it has stored what it holds.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
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
  const result = await carryOut(context, words);
  process.stdout.write(`${JSON.stringify(result.output)}\n`);
  return result.exit;
});
