/** `npm run soak -- --runs 200 --seed 7`: runs in the lab, each with one blow at random; fails when a promise breaks. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Soak } from './soak';

const USAGE =
  'usage: npm run soak -- [--runs <1 or more>] [--seed <0 or more>] [--orders <of the sample shop>]';

function wholeNumber(text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) throw new Error(`${text} is no number here. ${USAGE}`);
  return value;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { runs: { type: 'string' }, seed: { type: 'string' }, orders: { type: 'string' } },
  });
  const runs = wholeNumber(values.runs ?? '20', 1);
  const seed = wholeNumber(values.seed ?? String(randomInt(2 ** 31)), 0);
  const orders = wholeNumber(values.orders ?? '2000', 1);
  console.log(`${runs} runs, seed ${seed}`);
  const soak = await Soak.begin(seed, orders);
  let broken = 0;
  let restored = 0;
  try {
    for (let number = 1; number <= runs; number += 1) {
      const run = await soak.run(number);
      broken += run.broken.length;
      restored += run.restored;
      console.log(
        `${number}: ${run.victim} after ${(run.afterMs / 1000).toFixed(1)} s (${run.hit}); run ${run.status}; ` +
          `${run.restored} new backups restored${run.broken.map((one) => `\n  BROKEN: ${one}`).join('')}`,
      );
    }
  } finally {
    await soak.end();
  }
  console.log(
    `${runs} runs, ${restored} backups listed and restored, ${broken} promises broken. Seed ${seed}.`,
  );
  if (broken > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
