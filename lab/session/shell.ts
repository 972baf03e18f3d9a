import { isObject } from '../../cli/session/wire/json';
import { SESSION_TYPE } from '../../cli/session/wire/handshake';
import { PAYLOAD_TYPE } from '../../cli/session/wire/message';
import type { ShellProcess } from './options';
import type { Channel, SessionPart } from './part';

/**
 * A shell or a command: its output goes to the client, the client's bytes to its standard input. Only for a
 * `NonInteractiveCommands` session is standard error kept apart and the exit code told.
 * Source: amazon-ssm-agent, agent/session/shell/shell.go.
 */
export class Shell implements SessionPart {
  private stopped = false;

  constructor(
    private readonly channel: Channel,
    private readonly process: ShellProcess,
    sessionType: string,
  ) {
    const { child } = process;
    const separate = sessionType === SESSION_TYPE.nonInteractive;
    child.stdout?.on('data', (bytes: Buffer) => {
      this.say(PAYLOAD_TYPE.output, bytes);
    });
    child.stderr?.on('data', (bytes: Buffer) => {
      this.say(separate ? PAYLOAD_TYPE.standardError : PAYLOAD_TYPE.output, bytes);
    });
    child.stdin?.on('drain', () => {
      channel.listen(true);
    });
    child.stdin?.on('error', (error) => {
      channel.log(`the shell takes no input: ${error.message}`);
    });
    child.on('error', (error) => {
      channel.done(`The shell could not be started: ${error.message}`);
    });
    child.on('close', (code) => {
      if (this.stopped) return;
      if (separate) channel.send(PAYLOAD_TYPE.exitCode, Buffer.from(String(code ?? 1)));
      channel.done();
    });
  }

  input(payloadType: number, payload: Buffer): boolean {
    const { stdin } = this.process.child;
    if (payloadType === PAYLOAD_TYPE.output && stdin?.writable === true) {
      if (!stdin.write(payload)) this.channel.listen(false);
    } else if (payloadType === PAYLOAD_TYPE.size) this.resize(payload);
    return true;
  }

  drained(): void {
    this.process.child.stdout?.resume();
    this.process.child.stderr?.resume();
  }

  stop(): void {
    this.stopped = true;
    this.process.child.kill('SIGHUP');
  }

  private say(payloadType: number, bytes: Buffer): void {
    if (this.channel.send(payloadType, bytes)) return;
    this.process.child.stdout?.pause();
    this.process.child.stderr?.pause();
  }

  private resize(payload: Buffer): void {
    let size: unknown;
    try {
      size = JSON.parse(payload.toString('utf8'));
    } catch (error) {
      this.channel.log(`a size that cannot be read: ${String(error)}`);
    }
    if (!isObject(size) || typeof size.cols !== 'number' || typeof size.rows !== 'number') return;
    this.process.resize?.(size.cols, size.rows);
  }
}
