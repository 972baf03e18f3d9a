import { PassThrough } from 'node:stream';
import { EXIT } from '../../contract/exit-codes';
import { output, type Stack } from '../aws/stack';
import { startSession } from '../connect/start-session';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import { runShell } from '../session';

/** A public key as OpenSSH writes it: type, base64, comment. */
const PUBLIC_KEY = /^((?:ssh|ecdsa)-[\w@.-]+) ([A-Za-z0-9+/]+={0,2})(?: .*)?$/;

/** What a command printed: lines of public keys. */
export function publicKeysIn(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const found = PUBLIC_KEY.exec(line.trim());
    return found === null ? [] : [`${found[1] ?? ''} ${found[2] ?? ''}`];
  });
}

/**
 * The SSH server's public keys, asked of the agent: IAM vouches for that channel, so that no first connection has to be
 * trusted blindly.
 *
 * @throws Problem when none came
 */
export async function hostKeys(context: Context, stack: Stack, instanceId: string): Promise<string[]> {
  const started = await startSession(context, {
    instanceId,
    documentName: output(stack, 'hostKeysDocument'),
  });
  try {
    const printed = new PassThrough();
    const said = new PassThrough();
    const chunks: Buffer[] = [];
    printed.on('data', (chunk: Buffer) => chunks.push(chunk));
    said.resume();
    await runShell(started.session, { input: new PassThrough(), output: printed, error: said });
    const keys = publicKeysIn(Buffer.concat(chunks).toString());
    if (keys.length > 0) return keys;
    throw new Problem(
      EXIT.unavailable,
      `${instanceId} has told no SSH host keys: it may still be booting.`,
      'Try again in half a minute.',
    );
  } finally {
    await started.end();
  }
}
