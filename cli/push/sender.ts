import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BoxMessage,
  boxMessage,
  type ClientMessage,
  PROTOCOL_VERSION,
  type Receipt,
} from '../../contract/intake-protocol';
import { chunksOf } from './chunks';
import { Compressor } from './compress';
import type { Outgoing } from './outgoing';

/** Chunks that wait for the box's answer or for the line, in bytes. */
const WINDOW_BYTES = 16 * 1024 ** 2;
/** Files that are under way at a time. */
const WINDOW_FILES = 4_000;
/** A file counts so much at least: what is said about it. */
const LEAST_BYTES = 512;
const PING_MS = 30_000;

/** The line was lost, or the box gave up: what it said, if anything. */
export class PushBroken extends Error {
  override readonly name = 'PushBroken';
}

/** What became of a push, as far as it came. */
export interface SenderHooks {
  /** Called with each file that the box does not take. */
  refused(path: string, reason: string): void;
  /** Called as it goes on. */
  progress(state: { readonly files: number; readonly bytes: number; readonly sentBytes: number }): void;
}

/** How to send. */
export interface SenderOptions extends SenderHooks {
  readonly client: string;
  /** Bytes per second on the line; undefined for no limit. */
  readonly bytesPerSecond: number | undefined;
}

interface Underway {
  readonly path: string;
  readonly answers: ((send: boolean) => void)[];
}

/** The client's side of docs/intake-protocol.md over a pair of streams. */
export class Sender {
  sentBytes = 0;
  private readonly underway = new Map<number, Underway>();
  private readonly compressor = new Compressor();
  private heldBytes = 0;
  private files = 0;
  private bytes = 0;
  private writing: Promise<void> = Promise.resolve();
  private roomWanted: (() => void) | undefined;
  private drained: (() => void) | undefined;
  private isEnded = false;
  private broken: Error | undefined;
  private readonly over: Promise<{ key: string; receipt: Receipt }>;
  private resolveOver: (value: { key: string; receipt: Receipt }) => void = () => undefined;
  private rejectOver: (error: Error) => void = () => undefined;
  private paidUntil = performance.now();

  constructor(
    private readonly input: Writable,
    output: Readable,
    private readonly options: SenderOptions,
  ) {
    this.over = new Promise((resolve, reject) => {
      this.resolveOver = resolve;
      this.rejectOver = reject;
    });
    this.over.catch(() => undefined);
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
  }

  /**
   * Sends every file and waits for the receipt.
   *
   * @throws PushBroken when there is none
   */
  async run(files: AsyncIterable<Outgoing>): Promise<{ key: string; receipt: Receipt }> {
    const ping = setInterval(() => void this.say({ type: 'ping' }).catch(() => undefined), PING_MS);
    try {
      await this.say({ type: 'hello', version: PROTOCOL_VERSION, client: this.options.client });
      const closings = new Set<Promise<void>>();
      for await (const file of files) {
        const closing: Promise<void> = (await this.send(file)).closed.finally(() => closings.delete(closing));
        // Whatever goes wrong is thrown by the next wait.
        closing.catch((error: unknown) => {
          this.fail(error instanceof Error ? error : new Error(String(error)));
        });
        closings.add(closing);
      }
      await Promise.all(closings);
      this.isEnded = true;
      await this.say({ type: 'end' });
      return await this.over;
    } finally {
      clearInterval(ping);
    }
  }

  /** Announces a file; resolves when all of it is read, with the promise of its end. */
  private async send(file: Outgoing): Promise<{ readonly closed: Promise<void> }> {
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
    this.underway.set(number, { path: file.path, answers: [] });
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
      const answer = new Promise<boolean>((resolve) => this.underway.get(file)?.answers.push(resolve));
      const sha256 = createHash('sha256').update(content).digest('hex');
      await this.say({ type: 'chunk', file, bytes: content.length, sha256 });
      if (await answer) await this.data(file, chunk, content);
    } finally {
      this.heldBytes -= size;
      this.roomWanted?.();
    }
  }

  private async data(file: number, chunk: number, content: Buffer): Promise<void> {
    const packed = await this.compressor.pack(content);
    const bytes = packed ?? content;
    const encoding = packed === undefined ? 'identity' : 'gzip';
    await this.say({ type: 'data', file, chunk, encoding, length: bytes.length }, bytes);
    this.options.progress({ files: this.files, bytes: this.bytes, sentBytes: this.sentBytes });
  }

  /** @throws Error that broke the push, once something has */
  private demandWhole(): void {
    if (this.broken !== undefined) throw this.broken;
  }

  /** Waits until so many bytes more may be held. */
  private async room(bytes: number): Promise<void> {
    for (;;) {
      this.demandWhole();
      const fits = this.heldBytes === 0 || this.heldBytes + bytes <= WINDOW_BYTES;
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
      await this.pay(bytes.length);
      this.sentBytes += bytes.length;
      if (this.input.write(bytes)) return;
      // Whatever waited for the end of the push as well would stay in memory until then, a million times.
      await new Promise<void>((resolve) => (this.drained = resolve));
      this.demandWhole();
    });
    this.writing = saying.catch(() => undefined);
    return saying;
  }

  private async pay(bytes: number): Promise<void> {
    const { bytesPerSecond } = this.options;
    if (bytesPerSecond === undefined) return;
    const now = performance.now();
    this.paidUntil = Math.max(this.paidUntil, now) + (bytes / bytesPerSecond) * 1000;
    if (this.paidUntil > now) await sleep(this.paidUntil - now);
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
        return;
      case 'answer':
        this.underway.get(message.file)?.answers[message.chunk]?.(message.send);
        return;
      case 'outcome': {
        const path = this.underway.get(message.file)?.path ?? '';
        this.underway.delete(message.file);
        if (message.outcome === 'refused') this.options.refused(path, message.reason ?? '');
        this.roomWanted?.();
        return;
      }
      case 'receipt':
        if (this.isEnded) this.resolveOver(message);
        else this.fail(new PushBroken('The box has committed a push that had not ended.'));
        return;
      case 'error':
        this.fail(new PushBroken(message.message));
    }
  }

  private fail(error: Error): void {
    this.broken ??= error;
    this.rejectOver(this.broken);
    this.roomWanted?.();
    this.drained?.();
    for (const { answers } of this.underway.values()) for (const answer of answers) answer(false);
  }
}
