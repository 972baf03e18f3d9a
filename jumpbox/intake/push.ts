import type { IntakeRules } from '../../contract/intake';
import type { Receipt } from '../../contract/intake-protocol';
import { escapePath, foldPath, pathProblem } from '../../contract/intake-path';
import { pathRule } from './checks/patterns';
import { type Announced, IncomingFile } from './file';
import { fingerprint, Fingerprints } from './fingerprints';
import type { Known } from './known';
import type { Packs, StoredForm } from './packs';
import type { ReceiptWriter } from './receipt-writer';
import { errorOf } from '../stop';
import { Slots } from './slots';
import type { Stopwatch } from '../stopwatch';

const MIB = 1024 ** 2;
/** Chunks that are unpacked, checked and stored at a time; each takes up to twice its size. */
const AT_ONCE = 6;

/** What a push works with. */
export interface PushParts {
  readonly rules: IntakeRules;
  readonly packs: Pick<Packs, 'put' | 'finish'>;
  readonly known: Known;
  readonly receipt: ReceiptWriter;
}

/** What became of a file. */
export interface Outcome {
  readonly outcome: 'stored' | 'unchanged' | 'refused';
  readonly reason?: string;
}

/** Names can come from a hostile machine: what is said of them shows them, and moves no cursor. */
const shown = (path: string): string => escapePath(Buffer.from(path.slice(0, 1_000)));

/** One push, from its first file to its receipt, however its files come. */
export class Push {
  private readonly seen: Fingerprints;
  private readonly slots = new Slots(AT_ONCE);
  private readonly patternProblem: (path: string) => string | undefined;
  private announced = 0;
  private announcedBytes = 0;
  private receivedBytes = 0;
  private unchanged = 0;
  private failure: Error | undefined;

  constructor(private readonly parts: PushParts) {
    // Most machines hand in about as many files as the last time.
    this.seen = new Fingerprints(0, parts.known.chunks.size);
    this.patternProblem = pathRule(parts.rules);
  }

  /** Begins a file. One that is refused has its refusal from the start. */
  begin(announced: Announced): IncomingFile {
    this.check();
    const { rules, packs, known } = this.parts;
    const file = new IncomingFile(announced, rules, packs, (path, sha256) => known.chunks.find(path, sha256));
    const problem = this.problemOf(announced);
    if (problem !== undefined) file.refuse(problem);
    return file;
  }

  /** Takes data; resolves as soon as there is room for more. */
  async take(file: IncomingFile, chunk: number, form: StoredForm): Promise<void> {
    this.receivedBytes += form.bytes.length;
    await this.slots.enter();
    this.check();
    void file
      .take(chunk, form)
      .catch((error: unknown) => {
        this.failure ??= errorOf(error);
      })
      .finally(() => {
        this.slots.leave();
      });
  }

  /** Ends a file and puts it on the list, or says why not. */
  async close(file: IncomingFile): Promise<Outcome> {
    const done = await file.finish();
    this.check();
    const { receipt } = this.parts;
    if (done === undefined) {
      const reason = file.refusal ?? 'it is not complete';
      const { path } = file.announced;
      await receipt.refuse(pathProblem(path) === undefined ? path : shown(path), reason);
      return { outcome: 'refused', reason };
    }
    await receipt.add(done.listed);
    if (done.unchanged) this.unchanged += 1;
    return { outcome: done.unchanged ? 'unchanged' : 'stored' };
  }

  /** Commits what has been closed. */
  async commit(
    rest: Pick<Receipt, 'source' | 'box' | 'by' | 'client'>,
    took: Stopwatch,
  ): Promise<{ key: string; receipt: Receipt }> {
    this.check();
    await this.parts.packs.finish();
    return this.parts.receipt.commit({
      formatVersion: 1,
      ...rest,
      startedAt: took.startedAt.toISOString(),
      finishedAt: took.now.toISOString(),
      unchanged: this.unchanged,
      receivedBytes: this.receivedBytes,
    });
  }

  private problemOf({ path, bytes }: Announced): string | undefined {
    const { maxFileMiB, maxPushMiB, maxFiles } = this.parts.rules;
    this.announced += 1;
    if (this.announced > maxFiles) return `a push may hold ${maxFiles} files`;
    const problem = pathProblem(path) ?? this.patternProblem(path);
    if (problem !== undefined) return problem;
    if (!this.seen.add(fingerprint(foldPath(path))))
      return 'another file of this push has the same name, but for upper and lower case at most';
    if (bytes > maxFileMiB * MIB) return `it has ${bytes} bytes; ${maxFileMiB} MiB are accepted`;
    if (this.announcedBytes + bytes > maxPushMiB * MIB) return `a push may hold ${maxPushMiB} MiB`;
    this.announcedBytes += bytes;
    return undefined;
  }

  private check(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}
