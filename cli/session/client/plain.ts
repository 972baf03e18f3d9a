import type { Readable, Writable } from 'node:stream';
import { PAYLOAD_TYPE } from '../wire/message';
import { SessionError } from './errors';
import type { SessionEnd } from './options';
import type { Session } from './session';

/** How long, in milliseconds, the answer may pause after the input has ended, before the session is ended. */
const ANSWER_PAUSE_MS = 2_000;

/**
 * Copies bytes between two streams and the port of a session, as OpenSSH wants it of a ProxyCommand. Ends the session when
 * the input has ended and the answer has come, or when the output is closed.
 *
 * @returns how the session ended, after everything that came was written
 * @throws SessionError when the session is not for this
 */
export async function pipePlain(session: Session, input: Readable, output: Writable): Promise<SessionEnd> {
  if (session.sessionType !== 'Port')
    throw new SessionError(
      'unsupported',
      `Plain bytes need a session of type Port; this one is ${session.sessionType}.`,
    );
  let pause: NodeJS.Timeout | undefined;
  const finish = (): void => void session.terminate();
  const onOutputError = (): void => {
    finish();
  };
  const onData = (bytes: Buffer): void => {
    if (!session.send(PAYLOAD_TYPE.output, bytes)) input.pause();
  };
  const awaitAnswer = (): void => {
    clearTimeout(pause);
    pause = setTimeout(finish, ANSWER_PAUSE_MS);
  };
  const onEnd = (): void => {
    void Promise.race([session.flushed(), session.ended]).then(awaitAnswer);
  };
  const onDrain = (): void => {
    session.listen(true);
  };
  session.consume({
    payload: (type, payload) => {
      if (type !== PAYLOAD_TYPE.output) return;
      if (pause !== undefined) awaitAnswer();
      if (!output.write(payload)) session.listen(false);
    },
    drained: () => input.resume(),
    ended: () => undefined,
  });
  input.on('data', onData).on('end', onEnd).on('error', onEnd);
  output.on('drain', onDrain).on('error', onOutputError).on('close', finish);
  const end = await session.ended;
  clearTimeout(pause);
  input.off('data', onData).off('end', onEnd).pause();
  output.off('drain', onDrain).off('close', finish);
  await new Promise<void>((resolve) => {
    if (output.destroyed || output.writableLength === 0) resolve();
    else
      output.write('', () => {
        resolve();
      });
  });
  return end;
}
