/**
 * What OpenSSH runs as its ProxyCommand in the tests: asks the test for a session to a port, and passes plain bytes through it.
 * Arguments: address of the test, port.
 */
import { openSession, pipePlain, type OpenOptions } from '../../../cli/session/index';

async function main([address = '', port = '']: readonly string[]): Promise<void> {
  const answer = await fetch(`${address}/${port}`);
  const granted = (await answer.json()) as Pick<OpenOptions, 'sessionId' | 'streamUrl' | 'token'>;
  const session = await openSession({ ...granted, resume: () => Promise.resolve(undefined) });
  // OpenSSH hangs up on its ProxyCommand as soon as it is done itself.
  process.once('SIGHUP', () => void session.terminate());
  const end = await pipePlain(session, process.stdin, process.stdout);
  if (end.error !== undefined && end.by === 'failure') process.stderr.write(`${end.message}\n`);
  process.exit();
}

void main(process.argv.slice(2));
