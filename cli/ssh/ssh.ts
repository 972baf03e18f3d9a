import { findStack } from '../aws/stack';
import { runProgram } from '../connect/run-program';
import { findWay, type WayOptions } from '../connect/way';
import { Cleanup } from '../framework/cleanup';
import type { Context } from '../framework/command';
import { SshFiles } from './files';
import { proxyCommand, self, sshOptions } from './options';

/** Runs OpenSSH on an instance, and closes a box that had to be opened for it. */
export async function runSsh(
  context: Context,
  options: WayOptions & { readonly forwardAgent?: boolean; readonly plugin?: boolean },
  command: readonly string[],
): Promise<number> {
  const { plugin = false } = options;
  const stack = await findStack(context);
  const files = new SshFiles(context.stack);
  files.publicKey();
  const cleanup = new Cleanup(context.ui);
  try {
    const { instanceId } = await findWay(context, stack, options, cleanup);
    const settings = sshOptions(files, proxyCommand(context, self(), { box: instanceId, plugin }));
    const words = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    const agent = options.forwardAgent === true ? ['-A'] : [];
    return await runProgram(context, ['ssh', ...words, ...agent, instanceId, ...command], {});
  } finally {
    await cleanup.run();
  }
}
