import { EXIT } from '../../contract/exit-codes';
import { findStack, output } from '../aws/stack';
import { Cleanup } from '../framework/cleanup';
import type { Context } from '../framework/command';
import { runShell } from '../session';
import { startSession } from './start-session';
import { findWay, type WayOptions } from './way';

/** Opens the recorded shell, with this terminal or with what is piped in. */
export async function shellOn(context: Context, options: WayOptions): Promise<number> {
  const stack = await findStack(context);
  const cleanup = new Cleanup(context.ui);
  const { stdin, stdout } = context;
  try {
    const { instanceId } = await findWay(context, stack, options, cleanup);
    const started = await startSession(context, {
      instanceId,
      documentName: output(stack, 'shellDocument'),
      notice: (line) => {
        context.ui.warn(line);
      },
    });
    cleanup.add('end the session', () => started.end());
    context.interrupted.addEventListener('abort', () => void started.session.terminate());
    if (stdin.isTTY) {
      stdin.setRawMode(true);
      cleanup.add('give the terminal back', () => {
        stdin.setRawMode(false);
        return Promise.resolve();
      });
    }
    const end = await runShell(started.session, {
      input: stdin,
      output: stdout,
      ...(stdout.isTTY
        ? {
            size: () => ({ cols: stdout.columns, rows: stdout.rows }),
            onResize: (changed: () => void) => {
              stdout.on('resize', changed);
              return () => stdout.off('resize', changed);
            },
          }
        : {}),
    });
    if (end.by === 'failure') context.ui.warn(end.message);
    return end.exitCode ?? (end.by === 'failure' ? EXIT.unavailable : EXIT.ok);
  } finally {
    await cleanup.run();
  }
}
