import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import {
  type BoxMessage,
  boxMessage,
  type ClientMessage,
  PROTOCOL_VERSION,
  type Receipt,
} from '../../contract/intake-protocol';
import { chunksOf } from './chunks';
import type { Compressor } from './compress';
import type { Outgoing } from './outgoing';
import type { Pace } from './pace';

/** Files that are under way at a time. */
const WINDOW_FILES = 1_000;
/** A file counts so much at least: what is said about it. */
const LEAST_BYTES = 512;
const PING_MS = 30_000;

/** The line was lost, or the box gave up: what it said, if anything. */
export class PushBroken extends Error {
  override readonly name = 'PushBroken';
}

/** How to send over one channel. */
export interface SenderOptions {
  readonly pace: Pace;
  readonly compressor: Compressor;
  /** Bytes of chunks that may wait for the box's answer or for the line. */
  readonly windowBytes: number;
  /** Called when something was sent. */
  progress(): void;
}

/** A push that the box has committed. */
export interface Committed {
  /** Key of the receipt in the bucket. */
  readonly key: string;
  readonly receipt: Receipt;
}

/** Of a file that is under way: who waits for the box's answers, chunk by chunk. */
type Answers = ((send: boolean) => void)[];

/** Something the box says once; whoever waits for it hears too that it will never come. */
class Awaited<T> {
  readonly value: Promise<T>;
  resolve: (value: T) => void = () => undefined;
  reject: (error: Error) => void = () => undefined;

  constructor() {
    this.value = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.value.catch(() => undefined);
  }
}

/** The client's side of docs/intake-protocol.md over a pair of streams: one channel of a push. */
export class Sender {
  /** Files announced. */
  files = 0;
  /** Bytes read of them. */
  bytes = 0;
  /** Bytes on the line. */
  sentBytes = 0;
  private readonly underway = new Map<number, Answers>();
  private heldBytes = 0;
  private writing: Promise<void> = Promise.resolve();
  private roomWanted: (() => void) | undefined;
  private drained: (() => void) | undefined;
  private isEnded = false;
  private broken: Error | undefined;
  private readonly greeted = new Awaited<{ readonly channel?: string | undefined }>();
  private readonly committed = new Awaited<Committed>();
  private readonly done = new Awaited<void>();
  private readonly ping: NodeJS.Timeout;

  constructor(
    private readonly input: Writable,
    output: Readable,
    private readonly options: SenderOptions,
  ) {
    input.on('error', (error) => {
      this.fail(new PushBroken(`The line to the box was lost: ${error.message}.`));
    });
    input.on('drain', () => this.drained?.());
    const lines = createInterface({ input: output });
    lines.on('line', (line) => {
      this.hear(line);
    });
    lines.once('close', () => {
      this.fail(new PushBroken('The line to the box was lost.'));
    });
    this.ping = setInterval(() => void this.say({ type: 'ping' }).catch(() => undefined), PING_MS);
  }

  /**
   * Greets the box, on the first channel only. Further channels are asked for here.
   *
   * @returns what names them, once the box has said so; undefined at once when there are none
   */
  async greet(client: string, channels: number): Promise<string | undefined> {
    const asked = channels > 1 ? { channels } : {};
    await this.say({ type: 'hello', version: PROTOCOL_VERSION, client, ...asked });
    return channels > 1 ? (await this.greeted.value).channel : undefined;
  }

  /** Waits for the box's greeting on a further channel. @throws PushBroken when none comes */
  async joined(): Promise<true> {
    await this.greeted.value;
    return true;
  }

  /**
   * Sends files one after the other, until there are no more. Several may take theirs from the same source.
   *
   * @throws PushBroken when the line is lost or the box gives up
   */
  async send(files: AsyncIterable<Outgoing>): Promise<void> {
    const closings = new Set<Promise<void>>();
    for await (const file of files) {
      const closing: Promise<void> = (await this.sendFile(file)).closed.finally(() =>
        closings.delete(closing),
      );
      // Whatever goes wrong is thrown by the next wait.
      closing.catch((error: unknown) => {
        this.fail(error instanceof Error ? error : new Error(String(error)));
      });
      closings.add(closing);
    }
    await Promise.all(closings);
  }

  /** Ends the push, on the first channel, when every channel has sent its files. @throws PushBroken when there is no receipt */
  async commit(): Promise<Committed> {
    await this.end();
    return this.committed.value;
  }

  /** Ends a further channel; resolves when the box is done with its files. @throws PushBroken */
  async finish(): Promise<void> {
    await this.end();
    await this.done.value;
  }

  /** Says nothing more, and keeps nothing alive. */
  stop(): void {
    clearInterval(this.ping);
  }

  private end(): Promise<void> {
    this.isEnded = true;
    return this.say({ type: 'end' });
  }

  /** Announces a file; resolves when all of it is read, with the promise of its end. */
  private async sendFile(file: Outgoing): Promise<{ readonly closed: Promise<void> }> {
    try {
      return await this.sendAll(file);
    } finally {
      await file.close();
    }
  }

  private async sendAll(file: Outgoing): Promise<{ readonly closed: Promise<void> }> {
    const number = this.files;
    this.files += 1;
    await this.room(0);
    this.underway.set(number, []);
    const { path, bytes, modified, mode } = file;
    await this.say({
      type: 'file',
      file: number,
      path,
      bytes,
      ...(modified === undefined ? {} : { modified }),
      ...(mode === undefined ? {} : { mode }),
    });
    const chunks: Promise<void>[] = [];
    let problem: string | undefined;
    try {
      let count = 0;
      for await (const chunk of chunksOf(file.content())) {
        await this.room(chunk.length);
        const sending = this.announce(number, count, chunk);
        sending.catch(() => undefined);
        chunks.push(sending);
        count += 1;
        this.bytes += chunk.length;
      }
    } catch (error) {
      this.demandWhole();
      problem = error instanceof Error ? error.message : String(error);
    }
    return { closed: this.close(number, chunks, problem) };
  }

  private async close(number: number, chunks: Promise<void>[], problem: string | undefined): Promise<void> {
    await Promise.all(chunks);
    if (problem === undefined) await this.say({ type: 'close', file: number });
    else await this.say({ type: 'drop', file: number, reason: problem.slice(0, 400) });
  }

  private async announce(file: number, chunk: number, content: Buffer): Promise<void> {
    const size = content.length + LEAST_BYTES;
    this.heldBytes += size;
    try {
      const answer = new Promise<boolean>((resolve) => this.underway.get(file)?.push(resolve));
      const sha256 = createHash('sha256').update(content).digest('hex');
      await this.say({ type: 'chunk', file, bytes: content.length, sha256 });
      if (await answer) await this.data(file, chunk, content);
    } finally {
      this.heldBytes -= size;
      this.roomWanted?.();
    }
  }

  private async data(file: number, chunk: number, content: Buffer): Promise<void> {
    const packed = await this.options.compressor.pack(content);
    const bytes = packed ?? content;
    const encoding = packed === undefined ? 'identity' : 'gzip';
    await this.say({ type: 'data', file, chunk, encoding, length: bytes.length }, bytes);
    this.options.progress();
  }

  /** @throws Error that broke the push, once something has */
  private demandWhole(): void {
    if (this.broken !== undefined) throw this.broken;
  }

  /** Waits until so many bytes more may be held. */
  private async room(bytes: number): Promise<void> {
    for (;;) {
      this.demandWhole();
      const fits = this.heldBytes === 0 || this.heldBytes + bytes <= this.options.windowBytes;
      if (fits && this.underway.size < WINDOW_FILES) return;
      await new Promise<void>((resolve) => (this.roomWanted = resolve));
    }
  }

  /** One message after the other, with the bytes that belong to it. */
  private say(message: ClientMessage, data?: Buffer): Promise<void> {
    const saying = this.writing.then(async () => {
      this.demandWhole();
      const line = Buffer.from(`${JSON.stringify(message)}\n`);
      const bytes = data === undefined ? line : Buffer.concat([line, data]);
      await this.options.pace.pay(bytes.length);
      this.sentBytes += bytes.length;
      if (this.input.write(bytes)) return;
      // Whatever waited for the end of the push as well would stay in memory until then, a million times.
      await new Promise<void>((resolve) => (this.drained = resolve));
      this.demandWhole();
    });
    this.writing = saying.catch(() => undefined);
    return saying;
  }

  private hear(line: string): void {
    let message: BoxMessage;
    try {
      message = boxMessage.parse(JSON.parse(line));
    } catch {
      this.fail(new PushBroken('The box said something that is not of the protocol.'));
      return;
    }
    switch (message.type) {
      case 'hello':
        this.greeted.resolve(message);
        return;
      case 'answer':
        this.underway.get(message.file)?.[message.chunk]?.(message.send);
        return;
      case 'outcome':
        this.underway.delete(message.file);
        this.roomWanted?.();
        return;
      case 'done':
      case 'receipt':
        if (!this.isEnded) this.fail(new PushBroken('The box has ended a push that had not ended.'));
        else if (message.type === 'done') this.done.resolve();
        else this.committed.resolve(message);
        return;
      case 'error':
        this.fail(new PushBroken(message.message));
    }
  }

  private fail(error: Error): void {
    this.broken ??= error;
    for (const awaited of [this.greeted, this.committed, this.done]) awaited.reject(this.broken);
    this.roomWanted?.();
    this.drained?.();
    for (const answers of this.underway.values()) for (const answer of answers) answer(false);
  }
}
