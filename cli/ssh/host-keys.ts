import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { EXIT } from '../../contract/exit-codes';
import { output, type Stack } from '../aws/stack';
import { withEither } from '../connect/either-client';
import type { SessionRequest } from '../connect/grant';
import { runPlugin } from '../connect/plugin';
import type { StartedSession } from '../connect/start-session';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import { type OfficialPlugin, runShell } from '../session';

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
 * @param plugin - by the official plugin
 * @throws Problem when none came
 */
export async function hostKeys(
  context: Context,
  stack: Stack,
  instanceId: string,
  plugin: boolean,
): Promise<string[]> {
  const request = { instanceId, documentName: output(stack, 'hostKeysDocument'), plugin };
  const keys = publicKeysIn(
    await withEither(context, request, {
      own: printed,
      official: (program) => printedByPlugin(context, program, request),
    }),
  );
  if (keys.length > 0) return keys;
  throw new Problem(
    EXIT.unavailable,
    `${instanceId} has told no SSH host keys: it may still be booting.`,
    'Try again in half a minute.',
  );
}

async function printed({ session, end }: StartedSession): Promise<string> {
  try {
    const output = new PassThrough();
    const said = new PassThrough();
    const printing = text(output);
    said.resume();
    await runShell(session, { input: new PassThrough(), output, error: said });
    output.end();
    return await printing;
  } finally {
    await end();
  }
}

async function printedByPlugin(
  context: Context,
  plugin: OfficialPlugin,
  request: SessionRequest,
): Promise<string> {
  // Its input stays open: at the end of it the plugin would go, before anything is printed (shellsession_unix.go).
  const run = await runPlugin(context, plugin, request, { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    const printing = run.child.stdout === null ? '' : text(run.child.stdout);
    await run.exited;
    return await printing;
  } finally {
    await run.end();
  }
}
