import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from '../../lab/demo/stack';
import { hostPostgres } from '../../lab/parts';
import { labProcesses } from '../../lab/processes';
import { type RunningLab, startLab } from '../../lab/start';

/** A lab with the app deployed in it. */
export interface Deployed {
  readonly lab: RunningLab;
  /** Every output of the stack, by its name in the console. */
  readonly outputs: Readonly<Record<string, string>>;
  /** An empty home of an operator, which goes with the lab. */
  readonly home: string;
  /** Gives the lab an order: see lab/control.ts. */
  readonly order: (path: string, order: object) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a lab and deploys the app in it. The lab's variables become this process's own.
 *
 * @param settings - words of `-c`, such as `jumpHost=none`
 * @param prepare - runs before the deployment
 */
export async function deployInLab(
  settings: readonly string[],
  prepare: () => Promise<void> = () => Promise.resolve(),
): Promise<Deployed> {
  const [postgres] = hostPostgres();
  if (postgres === undefined) throw new Error('No PostgreSQL on this machine');
  const lab = await startLab();
  const home = mkdtempSync(join(tmpdir(), 'home-'));
  const stop = async (): Promise<void> => {
    await lab.stop();
    rmSync(home, { recursive: true, force: true });
    const left = labProcesses().filter((process) => process.lab === lab.id);
    if (left.length > 0)
      throw new Error(`Processes of the lab are left: ${left.map(({ pid }) => pid).join(', ')}`);
  };
  try {
    Object.assign(process.env, lab.environment);
    await prepare();
    const silent = (): void => undefined;
    const stack = new Stack(
      lab,
      postgres,
      settings.flatMap((setting) => ['-c', setting]),
    );
    await stack.bootstrap(silent);
    const deployed = JSON.parse(await stack.deployed(silent)) as Record<string, Record<string, string>>;
    const order: Deployed['order'] = async (path, body) => {
      const answer = await fetch(`${lab.endpoint}${path}`, { method: 'PUT', body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(await answer.text());
    };
    return { lab, outputs: Object.values(deployed)[0] ?? {}, home, order, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
