import { readInstanceId } from './identity';
import type { Context, Result } from './run';
import { Stop } from './stop';
import { EXIT } from '../contract/exit-codes';

/** Makes one backup. */
export async function backup(context: Context): Promise<Result> {
  const box = await readInstanceId();
  context.progress(`box ${box}`);
  throw new Stop(EXIT.failed, 'The backup is not built yet; nothing was begun.');
}
