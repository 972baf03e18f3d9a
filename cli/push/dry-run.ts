import { EXIT } from '../../contract/exit-codes';
import { pathProblem } from '../../contract/intake-path';
import type { Context } from '../framework/command';
import type { PushConfig } from './config';
import { gather } from './gather';
import type { Unread } from './outgoing';

/** Names every file that a push would announce; nothing leaves this machine. */
export async function dryRun(context: Context, config: PushConfig): Promise<number> {
  const unread: Unread[] = [];
  let files = 0;
  let bytes = 0;
  for await (const file of gather(config.paths, (what) => unread.push(what))) {
    // Nobody needs the content: the file is closed, or the other machine's stream goes on.
    await file.close();
    bytes += file.bytes;
    files += 1;
    const problem = pathProblem(file.path);
    context.ui.result(
      { path: file.path, bytes: file.bytes, ...(problem === undefined ? {} : { problem }) },
      problem === undefined ? `${String(file.bytes).padStart(12)}  ${file.path}` : `refused: ${problem}`,
    );
  }
  for (const { path, reason } of unread) context.ui.warn(`Not read: ${path}: ${reason}`);
  context.ui.say(`${files} files, ${bytes} bytes`);
  return unread.length > 0 ? EXIT.someRefused : EXIT.ok;
}
