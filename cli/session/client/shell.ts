import type { Readable, Writable } from 'node:stream';
import { PAYLOAD_TYPE } from '../wire/message';
import { SESSION_TYPE } from '../wire/handshake';
import { SessionError } from './errors';
import type { SessionEnd } from './options';
import type { Session } from './session';

/** Of a terminal, in characters. */
export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** Where a shell's bytes come from and go to. */
export interface ShellStreams {
  /** Keystrokes; a terminal should be in raw mode. */
  readonly input: Readable;
  readonly output: Writable;
  /** For standard error, where the agent keeps it apart. Default: the output. */
  readonly error?: Writable;
  /** The terminal's size now; absent when there is none. */
  size?(): TerminalSize;
  /** Calls back whenever the size changes, until the returned function is called. */
  onResize?(changed: () => void): () => void;
}

/** How a shell ended. */
export interface ShellEnd extends SessionEnd {
  /** Of a command, where the agent tells it. */
  readonly exitCode?: number;
}

const SHELLS: readonly string[] = [SESSION_TYPE.shell, SESSION_TYPE.interactive, SESSION_TYPE.nonInteractive];

/**
 * Runs a shell or the document's command until it ends.
 *
 * @throws SessionError when the session is not for this
 */
export async function runShell(session: Session, streams: ShellStreams): Promise<ShellEnd> {
  if (!SHELLS.includes(session.sessionType))
    throw new SessionError(
      'unsupported',
      `A shell needs a session of type ${SHELLS.join(', ')}; this one is ${session.sessionType}.`,
    );
  const { input, output } = streams;
  let exitCode: number | undefined;
  const error = streams.error ?? output;
  const targets = new Set([output, error]);
  const write = (target: Writable, payload: Buffer): void => {
    if (!target.write(payload)) session.listen(false);
  };
  const onDrain = (): void => {
    if (![...targets].some((target) => target.writableNeedDrain)) session.listen(true);
  };
  session.consume({
    payload: (type, payload) => {
      if (type === PAYLOAD_TYPE.output) write(output, payload);
      else if (type === PAYLOAD_TYPE.standardError) write(error, payload);
      else if (type === PAYLOAD_TYPE.exitCode) exitCode = Number.parseInt(payload.toString('latin1'), 10);
    },
    drained: () => input.resume(),
    ended: () => undefined,
  });
  const sendSize = (): void => {
    const size = streams.size?.();
    if (size !== undefined) session.send(PAYLOAD_TYPE.size, Buffer.from(JSON.stringify(size)));
  };
  const onData = (bytes: Buffer): void => {
    if (!session.send(PAYLOAD_TYPE.output, bytes)) input.pause();
  };
  sendSize();
  const stopResizing = streams.onResize?.(sendSize);
  input.on('data', onData);
  for (const target of targets) target.on('drain', onDrain);
  const end = await session.ended;
  input.off('data', onData).pause();
  for (const target of targets) target.off('drain', onDrain);
  stopResizing?.();
  return exitCode === undefined || Number.isNaN(exitCode) ? end : { ...end, exitCode };
}
