import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { PushConfig } from './config';

const memory = z.object({
  requestId: z.string(),
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
 * Remembers a push until it is committed: the next run asks for the same box while it lives. What had arrived the box knows by
 * itself. It is a help only: whatever it says wrongly costs a box that is launched for nothing.
 */
export class Unfinished {
  /** Names the box: the same name returns the same box while it lives. */
  readonly requestId: string;
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
    if (this.isKept) this.attempt(() => mkdirSync(folder, { recursive: true, mode: 0o700 }));
    this.write();
  }

  private readonly file: string;

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

  private write(): void {
    const text = JSON.stringify({ requestId: this.requestId, pid: process.pid });
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
      this.warn(`A push that breaks off is not resumed through the same box by the next run (${why}).`);
    }
  }
}
