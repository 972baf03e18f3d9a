import { readInstanceId } from './identity';
import type { Context, Result } from './run';
import { Stop } from './stop';
import { EXIT } from '../contract/exit-codes';

/** Proves one backup. */
export async function prove(context: Context, prefix: string | undefined): Promise<Result> {
  const box = await readInstanceId();
  context.progress(`box ${box}, ${prefix ?? 'newest backup'}`);
  throw new Stop(EXIT.failed, 'The proof is not built yet; nothing was begun.');
}
