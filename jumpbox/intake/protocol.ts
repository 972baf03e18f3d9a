import type { Readable } from 'node:stream';
import { EXIT } from '../../contract/exit-codes';
import {
  type BoxMessage,
  type ClientMessage,
  clientMessage,
  LONGEST_LINE_BYTES,
} from '../../contract/intake-protocol';
import { escapePath } from '../../contract/intake-path';
import { errorOf, Stop } from '../stop';
import { ByteReader } from './bytes';
import type { IncomingFile } from './file';
import type { Push } from './push';

/** Files that may be open at a time: announced, not yet closed and answered. */
const OPEN_FILES = 20_000;

/** What a client says may be hostile too: receipts hold text that moves no cursor. */
const shownText = (text: string): string => escapePath(Buffer.from(text));

/** Says something to the client; resolves when there is room for more. */
export type Say = (message: BoxMessage) => Promise<void>;

function parse(line: string): ClientMessage {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new Stop(EXIT.usage, 'A line came that is no JSON: see docs/intake-protocol.md.');
  }
  const message = clientMessage.safeParse(json);
  if (message.success) return message.data;
  const [issue] = message.error.issues;
  throw new Stop(
    EXIT.usage,
    `A message was not understood: ${issue?.path.map(String).join('.') ?? ''} ${issue?.message ?? ''}`,
  );
}

/** What a client says of itself. */
export interface Greeting {
  readonly client: string;
  /** Channels that it asks for, the first one counted. */
  readonly channels: number;
}

/** The box's side of docs/intake-protocol.md on one channel: from the client's first line to its `end`. */
export class Conversation {
  private readonly reader: ByteReader;
  private readonly open = new Map<number, IncomingFile>();
  private readonly closing = new Set<Promise<void>>();
  private next = 0;
  private failure: Error | undefined;

  constructor(
    input: Readable,
    private readonly push: Push,
    private readonly say: Say,
    patienceMs?: number,
  ) {
    this.reader = new ByteReader(input, patienceMs);
  }

  /** Whether a file has been announced. */
  get hasBegun(): boolean {
    return this.next > 0;
  }

  /** Reads the greeting, which only the first channel has. */
  async greet(): Promise<Greeting> {
    const first = await this.message();
    if (first.type !== 'hello') throw new Stop(EXIT.usage, 'The first message must be hello.');
    return { client: shownText(first.client), channels: first.channels ?? 1 };
  }

  /** Takes files until the client says that there are no more, and every one of them has its outcome. */
  async files(): Promise<void> {
    for (;;) {
      const message = await this.message();
      if (message.type === 'end') break;
      await this.handle(message);
      if (this.failure !== undefined) throw this.failure;
    }
    if (this.open.size > 0)
      throw new Stop(EXIT.usage, `${this.open.size} files were neither closed nor dropped.`);
    await Promise.all(this.closing);
    if (this.failure !== undefined) throw this.failure;
  }

  private async message(): Promise<ClientMessage> {
    const line = await this.reader.line(LONGEST_LINE_BYTES);
    if (line === undefined) throw new Stop(EXIT.unavailable, 'The line was cut before the push had ended.');
    return parse(line);
  }

  private async handle(message: ClientMessage): Promise<void> {
    switch (message.type) {
      case 'hello':
        throw new Stop(EXIT.usage, 'There is one greeting.');
      case 'file':
        return this.begin(message);
      case 'chunk': {
        const answer = this.find(message.file).expect(message);
        return this.say({ type: 'answer', file: message.file, ...answer });
      }
      case 'data': {
        // Copied: a part of a larger piece would keep all of it in memory until it is stored.
        const bytes = Buffer.from(await this.reader.exactly(message.length));
        return this.push.take(this.find(message.file), message.chunk, { bytes, encoding: message.encoding });
      }
      case 'drop':
        this.find(message.file).refuse(`the client gave it up: ${shownText(message.reason)}`);
        return this.close(message.file);
      case 'close':
        return this.close(message.file);
      case 'ping':
      case 'end':
        return undefined;
    }
  }

  private async begin(message: Extract<ClientMessage, { type: 'file' }>): Promise<void> {
    if (message.file !== this.next)
      throw new Stop(EXIT.usage, `File ${message.file} came where ${this.next} was expected.`);
    this.next += 1;
    while (this.open.size + this.closing.size >= OPEN_FILES) {
      if (this.closing.size === 0) throw new Stop(EXIT.usage, `More than ${OPEN_FILES} files are open.`);
      await Promise.race(this.closing);
    }
    this.open.set(message.file, this.push.begin(message));
  }

  private find(number: number): IncomingFile {
    const file = this.open.get(number);
    if (file === undefined) throw new Stop(EXIT.usage, `There is no open file ${number}.`);
    return file;
  }

  private close(number: number): Promise<void> {
    const file = this.find(number);
    this.open.delete(number);
    const closing: Promise<void> = this.push
      .close(file)
      .then((outcome) => this.say({ type: 'outcome', file: number, ...outcome }))
      .catch((error: unknown) => {
        this.failure ??= errorOf(error);
      })
      .finally(() => this.closing.delete(closing));
    this.closing.add(closing);
    return Promise.resolve();
  }
}
