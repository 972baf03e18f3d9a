/** `npm run lab:stop`: ends every lab that was kept running, and what dead labs left. */
import { setTimeout as sleep } from 'node:timers/promises';
import { labs, removeDeadLabs, removeLab } from './directory';
import { isAlive } from './processes';

/** A lab that has not ended by itself in so long is ended by force. */
const PATIENCE_MS = 30_000;

async function stop(id: string, pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM');
  const end = Date.now() + PATIENCE_MS;
  while (isAlive(pid) && Date.now() < end) await sleep(50);
  await removeLab(id);
}

async function main(): Promise<void> {
  const dead = await removeDeadLabs();
  for (const id of dead) console.log(`Removed what the dead lab ${id} had left.`);
  const serving = labs().flatMap(({ record }) => (record?.state === 'serving' ? [record] : []));
  const kept = serving.filter(({ keep }) => keep);
  for (const { id, pid, endpoint } of kept) {
    await stop(id, pid);
    console.log(`Stopped the lab ${id} (${endpoint}).`);
  }
  for (const { id, pid } of serving.filter(({ keep }) => !keep))
    console.log(
      `The lab ${id} belongs to a running demo or test and ends with it; left alone (process ${pid}).`,
    );
  if (kept.length === 0 && dead.length === 0) console.log('No lab was kept running.');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
