import { EXIT } from '../../contract/exit-codes';
import { findStack, output } from '../aws/stack';
import { Cleanup } from '../framework/cleanup';
import type { Context } from '../framework/command';
import { openTerminal, runShell } from '../session';
import { withEither } from './either-client';
import type { SessionRequest } from './grant';
import { inForeground } from './plugin';
import type { StartedSession } from './start-session';
import { findWay, type WayOptions } from './way';

/** Opens the recorded shell, with this terminal or with what is piped in. */
export async function shellOn(
  context: Context,
  options: WayOptions & { readonly plugin?: boolean },
): Promise<number> {
  const stack = await findStack(context);
  const cleanup = new Cleanup(context.ui);
  try {
    const { instanceId } = await findWay(context, stack, options, cleanup);
    const request: SessionRequest = {
      instanceId,
      documentName: output(stack, 'shellDocument'),
      plugin: options.plugin ?? false,
      notice: (line) => {
        context.ui.warn(line);
      },
    };
    return await withEither(context, request, {
      own: (started) => ownShell(context, started, cleanup),
      official: (plugin) => inForeground(context, plugin, request),
    });
  } finally {
    await cleanup.run();
  }
}

async function ownShell(context: Context, started: StartedSession, cleanup: Cleanup): Promise<number> {
  cleanup.add('end the session', () => started.end());
  context.interrupted.addEventListener('abort', () => void started.session.terminate());
  const terminal = openTerminal(context.stdin, context.stdout, context.stderr);
  cleanup.add('give the terminal back', () => {
    terminal.restore();
    return Promise.resolve();
  });
  const end = await runShell(started.session, terminal.streams);
  if (end.by === 'failure') context.ui.warn(end.message);
  return end.exitCode ?? (end.by === 'failure' ? EXIT.unavailable : EXIT.ok);
}
