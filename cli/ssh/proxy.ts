import { findStack, output } from '../aws/stack';
import type { SessionRequest } from '../connect/grant';
import { findWay } from '../connect/way';
import { Cleanup } from '../framework/cleanup';
import type { Context } from '../framework/command';
import { carry } from './carry';
import { SshFiles } from './files';
import { hostKeys } from './host-keys';
import { sendPublicKey } from './instance-connect';
import { instanceOf, type ProxyOptions, SSH_USER } from './options';

/**
 * What ssh talks through: finds or makes a way, writes the host's keys where ssh looks for them, lets our key in for a minute,
 * then copies bytes until one side is done.
 *
 * @param name - as the user typed it to ssh
 */
export async function runProxy(context: Context, name: string, options: ProxyOptions): Promise<number> {
  const { box, plugin = false } = options;
  const files = new SshFiles(context.stack);
  const publicKey = files.publicKey();
  const stack = await findStack(context);
  const cleanup = new Cleanup(context.ui);
  try {
    const wanted = box ?? instanceOf(name);
    // A box that had to be opened stays until it expires: other connections may share it.
    const way = await findWay(
      context,
      stack,
      { leaveOpen: true, ...(wanted === undefined ? {} : { box: wanted }) },
      cleanup,
    );
    const { instanceId } = way;
    const keys = await hostKeys(context, stack, instanceId, plugin);
    files.write(files.knownHosts(name), keys.map((key) => `${name} ${key}\n`).join(''));
    const request: SessionRequest = {
      instanceId,
      documentName: output(stack, 'sshDocument'),
      plugin,
      notice: (line) => {
        context.ui.warn(line);
      },
    };
    // Last: its minute has begun.
    return await carry(context, request, () => sendPublicKey(context, instanceId, SSH_USER, publicKey));
  } finally {
    await cleanup.run();
  }
}
