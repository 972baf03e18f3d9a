import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { PushConfig } from './config';

const WRITE_EVERY_MS = 1_000;
/** Files that came since may stand before those that were begun: so many more count as begun. Each costs the box one listing. */
const MARGIN = (files: number): number => (files === 0 ? 0 : Math.ceil(files * 1.1) + 100);

const memory = z.object({
  requestId: z.string(),
  /** Files that have been begun. */
  files: z.int().min(0),
  /** Process that pushes, or did. */
  pid: z.int().min(1),
});
type Memory = z.infer<typeof memory>;

/** Where a service may keep what it needs from run to run: systemd.exec(5), else the XDG base directories. */
const stateDirectory = (environment: Readonly<Record<string, string | undefined>>): string =>
  environment.STATE_DIRECTORY ??
  join(environment.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'drawbridge');

function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // No such process, or somebody else's: none of ours.
    return false;
  }
}

/**
 * Remembers a push until it is committed: the next run asks for the same box while it lives, and tells the box which files
 * had been begun. It is a help only: whatever it says wrongly costs time, since the box believes S3 alone.
 */
export class Unfinished {
  /** Names the box: the same name returns the same box while it lives. */
  readonly requestId: string;
  /** Files that earlier runs may have begun. */
  readonly files: number;
  private written = 0;
  private isKept: boolean;

  constructor(
    config: PushConfig,
    environment: Readonly<Record<string, string | undefined>>,
    private readonly warn: (text: string) => void,
  ) {
    const folder = stateDirectory(environment);
    const which = JSON.stringify([config.createFunction, config.paths]);
    this.file = join(folder, `push-${createHash('sha256').update(which).digest('hex').slice(0, 12)}.json`);
    const before = this.read();
    // Another run that is under way keeps its box and its memory to itself.
    this.isKept = before === undefined || !isRunning(before.pid);
    const mine = this.isKept ? before : undefined;
    this.requestId = mine?.requestId ?? `push-${Date.now().toString(36)}-${process.pid}`;
    this.files = mine?.files ?? 0;
    if (this.isKept) this.attempt(() => mkdirSync(folder, { recursive: true, mode: 0o700 }));
    this.write(this.files);
  }

  private readonly file: string;

  /** Whether an earlier run may have begun the file with this number. */
  isResumed(number: number, begun: number): boolean {
    return number < Math.max(MARGIN(this.files), begun);
  }

  /** Remembers how far it has come, once a second at most. */
  begun(files: number): void {
    if (Date.now() - this.written >= WRITE_EVERY_MS) this.save(files);
  }

  /** Remembers how far it has come, now. */
  save(files: number): void {
    this.write(Math.max(files, this.files));
  }

  /** It came to its end: nothing is remembered. */
  committed(): void {
    if (this.isKept)
      this.attempt(() => {
        rmSync(this.file, { force: true });
      });
  }

  private read(): Memory | undefined {
    try {
      return memory.safeParse(JSON.parse(readFileSync(this.file, 'utf8'))).data;
    } catch {
      // There is none, or a power cut has spoilt it: then everything is looked at anew.
      return undefined;
    }
  }

  private write(files: number): void {
    this.written = Date.now();
    const text = JSON.stringify({ requestId: this.requestId, files, pid: process.pid });
    this.attempt(() => {
      if (!this.isKept) return;
      writeFileSync(`${this.file}.new`, text, { mode: 0o600 });
      renameSync(`${this.file}.new`, this.file);
    });
  }

  private attempt(work: () => unknown): void {
    try {
      work();
    } catch (error) {
      this.isKept = false;
      const why = error instanceof Error ? error.message : String(error);
      this.warn(`A push that breaks off cannot be resumed by the next run (${why}).`);
    }
  }
}
