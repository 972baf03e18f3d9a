import { CHUNK_BYTES, type IntakeRules } from '../../contract/intake';
import type { ListedFile, StoredChunk } from '../../contract/intake-protocol';
import { ContentChecks } from './checks/content';
import type { Packs, StoredForm } from './packs';
import { unpack } from './unpack';

/** A file as it is announced. */
export interface Announced {
  readonly path: string;
  readonly bytes: number;
  /** Whole seconds since 1970. */
  readonly modified?: number | undefined;
  readonly mode?: number | undefined;
}

interface Chunk {
  readonly sha256: string;
  readonly bytes: number;
}

/** One file of a push: its chunks in order, checked one after the other, packed as each has passed. */
export class IncomingFile {
  /** Why it is not taken; what still comes of it is thrown away. */
  refusal: string | undefined;
  /** Where each chunk lies; of one that is awaited there is nothing yet. */
  private readonly chunks: (StoredChunk | undefined)[] = [];
  private readonly expected = new Map<number, Chunk>();
  private readonly checks: ContentChecks;
  private announcedBytes = 0;
  private wasSent = false;
  private work: Promise<void> = Promise.resolve();

  constructor(
    readonly announced: Announced,
    rules: IntakeRules,
    private readonly packs: Pick<Packs, 'put'>,
    private readonly known: (path: string, sha256: string) => StoredChunk | undefined,
  ) {
    this.checks = new ContentChecks(announced.path, announced.bytes, rules);
  }

  /** Announces the next chunk; returns its number, and whether it has to be sent. */
  expect(chunk: Chunk): { readonly chunk: number; readonly send: boolean } {
    const number = this.chunks.length;
    if (this.announcedBytes % CHUNK_BYTES !== 0) this.refuse('a chunk before the last one is too short');
    this.announcedBytes += chunk.bytes;
    if (this.announcedBytes > this.announced.bytes) this.refuse('it is longer than was announced');
    if (this.refusal !== undefined) return { chunk: number, send: false };
    const known = this.known(this.announced.path, chunk.sha256);
    this.chunks.push(known);
    if (known === undefined) this.expected.set(number, chunk);
    return { chunk: number, send: known === undefined };
  }

  /** Takes the data of a chunk that was asked for; resolves when it is in its pack or thrown away. */
  take(number: number, form: StoredForm): Promise<void> {
    const chunk = this.expected.get(number);
    if (chunk === undefined) {
      this.refuse('data came that were not asked for');
      return this.work;
    }
    this.expected.delete(number);
    this.wasSent = true;
    this.work = this.work.then(() => this.check(number, chunk, form));
    return this.work;
  }

  refuse(reason: string): void {
    this.refusal ??= reason;
  }

  /** Waits for what is under way. The file is complete when there is no refusal then. */
  async finish(): Promise<{ readonly listed: ListedFile; readonly unchanged: boolean } | undefined> {
    await this.work;
    if (this.expected.size > 0) this.refuse('not all of its data came');
    if (this.announcedBytes !== this.announced.bytes)
      this.refuse(
        `${this.announced.bytes} bytes were announced, ${this.announcedBytes} came: it changed while it was read`,
      );
    if (this.refusal !== undefined) return undefined;
    const { path, bytes, modified, mode } = this.announced;
    const flags = [...this.checks.flags];
    return {
      unchanged: !this.wasSent,
      listed: {
        path,
        bytes,
        ...(modified === undefined ? {} : { modified }),
        ...(mode === undefined ? {} : { mode }),
        chunks: this.chunks.filter((chunk) => chunk !== undefined),
        ...(flags.length === 0 ? {} : { flags }),
      },
    };
  }

  private async check(number: number, chunk: Chunk, form: StoredForm): Promise<void> {
    if (this.refusal !== undefined) return;
    const content = await unpack(form, chunk);
    if (typeof content === 'string') {
      this.refuse(content);
      return;
    }
    const refusal = await this.checks.take(content, number === 0);
    if (refusal === undefined)
      this.chunks[number] = await this.packs.put(this.announced.path, chunk.sha256, form);
    else this.refuse(refusal);
  }
}
